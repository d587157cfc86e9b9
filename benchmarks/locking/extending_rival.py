"""What the two of A4 share: work under a lock that is extended while the text is written.

Its holder looks at the clock before it saves. A text whose lock is not valid any more is thrown away, paid as
it is: to save it could make a second description.
"""

import random
import time
from abc import abstractmethod
from collections.abc import Sequence
from uuid import UUID

import redis

from benchmarks.locking.redlock_lock import Redlock
from benchmarks.locking.rival import Rival
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Write


class ExtendingRival(Rival):
    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._pace = setup.pace
        self._servers = self._connected(setup)

    @abstractmethod
    def _connected(self, setup: Setup) -> Sequence[redis.Redis]:
        """Most of these have to agree on who holds a lock."""

    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self._descriptions.find(job.slug)
        if existing is not None:
            return existing
        lock = Redlock(self._servers, job.slug, ttl=self._pace.ttl)
        if not lock.acquire():
            # Those who have split the servers among them must not meet again at the same moment.
            time.sleep(random.uniform(0, self._pace.again))
            return None
        try:
            existing = self._descriptions.find(job.slug)
            if existing is not None:
                return existing
            with lock.extended():
                text = write()
            return self._descriptions.add(job.slug, text) if lock.is_valid() else None
        finally:
            lock.release()

    def close(self) -> None:
        for server in self._servers:
            server.close()
        super().close()
