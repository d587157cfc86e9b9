"""Work under a lock that runs out, and is extended while the text is written: what the two of A4 share.

Its holder looks at the clock before it saves. Where the lock is not valid any more it is asked for once more:
a text that was paid for is thrown away only where somebody else has the lock, and may save another.
"""

import random
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import redis

from benchmarks.locking.rival import Rival
from benchmarks.locking.setup import Pace
from benchmarks.locking.strategy import Job, Write

EXTENDS_EVERY = 1 / 3
"""Of a lifetime."""

EXTEND = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0
"""


class ExtendedLock(ABC):
    """`ttl` is its lifetime in seconds. Not held before `acquire` says so."""

    def __init__(self, name: str, *, ttl: float) -> None:
        self._key = f"lock:{name}"
        self._owner = secrets.token_hex(16)
        self._ttl = ttl
        self._ttl_ms = str(int(ttl * 1000))
        self._valid_until = 0.0

    @abstractmethod
    def acquire(self) -> bool:
        """Nothing is left of it where that fails."""

    @abstractmethod
    def extend(self) -> None:
        """Once. It is not valid any more where its servers say that it is not its owner's."""

    @abstractmethod
    def release(self) -> None:
        """Where it is still its owner's."""

    def is_valid(self) -> bool:
        return time.monotonic() < self._valid_until

    @contextmanager
    def extended(self) -> Iterator[None]:
        """While the block runs, or until it is not valid any more."""
        ending = threading.Event()
        thread = threading.Thread(target=self._extend_until, args=(ending,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()

    def _extend_until(self, ending: threading.Event) -> None:
        while not ending.wait(self._ttl * EXTENDS_EVERY) and self.is_valid():
            self.extend()


def work_under(lock: ExtendedLock, rival: Rival, job: Job, write: Write, pace: Pace) -> UUID | None:
    """As Strategy.work."""
    descriptions = rival.descriptions
    existing = descriptions.find(job.slug)
    if existing is not None:
        return existing
    if not lock.acquire():
        # Those who have split several servers among them must not meet again at the same moment.
        time.sleep(random.uniform(0, pace.again))
        return None
    try:
        existing = descriptions.find(job.slug)
        if existing is not None:
            return existing
        with lock.extended():
            text = write()
            if lock.is_valid():
                return descriptions.add(job.slug, text)
        if not lock.acquire():
            return None
        return descriptions.find(job.slug) or descriptions.add(job.slug, text)
    finally:
        lock.release()


def answer(server: redis.Redis, step: Callable[[redis.Redis], object]) -> bool | None:
    """Whether a server has agreed; None where it cannot be asked."""
    try:
        return bool(step(server))
    except (redis.ConnectionError, redis.TimeoutError):
        return None
