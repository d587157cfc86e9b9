"""A4 on three servers: Redlock, extended while the text is written.

https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/ describes it: a lock is held by who
has set the key on more than half of independent servers, for as long as it was set for, less the time that
took and what clocks may differ by.
"""

import time
from collections.abc import Callable, Sequence
from uuid import UUID

import redis

from benchmarks.locking.extended_lock import EXTEND, ExtendedLock, answer, work_under
from benchmarks.locking.redis_lock import RELEASE, connect
from benchmarks.locking.rival import Rival
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Write

DRIFT_FACTOR, DRIFT_SECONDS = 0.01, 0.002

PATIENCE, LEAST_SECONDS = 1 / 20, 0.05
"""With one server, in lifetimes of a lock: one that is away must not take the time of the others."""


class RedlockOnThree(Rival):
    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._pace = setup.pace
        patience_seconds = max(setup.pace.ttl * PATIENCE, LEAST_SECONDS)
        self._servers = [connect(url, timeout_seconds=patience_seconds) for url in setup.redis_urls]

    def work(self, job: Job, write: Write) -> UUID | None:
        lock = Redlock(self._servers, job.slug, ttl=self._pace.ttl)
        return work_under(lock, self, job, write, self._pace)

    def close(self) -> None:
        for server in self._servers:
            server.close()
        super().close()


class Redlock(ExtendedLock):
    """Lost when it was not extended in time, or when so many servers say that the key is not its owner's that
    the others are no majority."""

    def __init__(self, servers: Sequence[redis.Redis], name: str, *, ttl: float) -> None:
        super().__init__(name, ttl=ttl)
        self._servers = servers
        self._quorum = len(servers) // 2 + 1

    def acquire(self) -> bool:
        if self._agreed(lambda one: one.set(self._key, self._owner, nx=True, px=int(self._ttl_ms))):
            return True
        self.release()
        return False

    def extend(self) -> None:
        self._agreed(lambda one: one.eval(EXTEND, 1, self._key, self._owner, self._ttl_ms))

    def release(self) -> None:
        for server in self._servers:
            answer(server, lambda one: one.eval(RELEASE, 1, self._key, self._owner))

    def _agreed(self, step: Callable[[redis.Redis], object]) -> bool:
        """Whether more than half of the servers did it, and in time."""
        started = time.monotonic()
        answers = [answer(server, step) for server in self._servers]
        if len(answers) - answers.count(False) < self._quorum:
            self._valid_until = 0.0
            return False
        valid_until = started + self._ttl * (1 - DRIFT_FACTOR) - DRIFT_SECONDS
        if answers.count(True) < self._quorum or time.monotonic() >= valid_until:
            return False
        self._valid_until = valid_until
        return True
