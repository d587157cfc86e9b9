"""A4 on three servers: Redlock with quorum, drift and validity time, extended while the text is written.

Its holder looks at the clock before it saves. A text whose lock is not valid any more is thrown away, paid as
it is: to save it could make a second description.
"""

import random
import time
from uuid import UUID

from benchmarks.locking.redis_lock import connect
from benchmarks.locking.redlock_lock import Redlock
from benchmarks.locking.rival import Rival
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Write

PATIENCE, LEAST_SECONDS = 1 / 20, 0.05
"""With one server, in lifetimes of a lock: one that is away must not take the time of the others."""


class RedlockOnThree(Rival):
    servers = 3

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._pace = setup.pace
        timeout_seconds = max(setup.pace.ttl * PATIENCE, LEAST_SECONDS)
        self._servers = [
            connect(url, timeout_seconds=timeout_seconds) for url in setup.redis_urls[: self.servers]
        ]

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
