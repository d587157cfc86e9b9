"""A4 on one server: SET NX PX, released by its owner alone, extended while the text is written."""

import time
from uuid import UUID

import redis

from benchmarks.locking.extended_lock import EXTEND, ExtendedLock, answer, work_under
from benchmarks.locking.redis_lock import RELEASE
from benchmarks.locking.rival import RivalWithRedis
from benchmarks.locking.strategy import Job, Write


class SetNx(RivalWithRedis):
    def work(self, job: Job, write: Write) -> UUID | None:
        lock = Lease(self._redis, job.slug, ttl=self._pace.ttl)
        return work_under(lock, self, job, write, self._pace)


class Lease(ExtendedLock):
    """Valid for as long as its key lives, counted from before the server was asked. Where the server cannot
    be asked to extend it, it is asked again."""

    def __init__(self, server: redis.Redis, name: str, *, ttl: float) -> None:
        super().__init__(name, ttl=ttl)
        self._server = server

    def acquire(self) -> bool:
        asked_at = time.monotonic()
        if not answer(
            self._server, lambda one: one.set(self._key, self._owner, nx=True, px=int(self._ttl_ms))
        ):
            return False
        self._valid_until = asked_at + self._ttl
        return True

    def extend(self) -> None:
        asked_at = time.monotonic()
        is_ours = answer(self._server, lambda one: one.eval(EXTEND, 1, self._key, self._owner, self._ttl_ms))
        if is_ours is not None:
            self._valid_until = asked_at + self._ttl if is_ours else 0.0

    def release(self) -> None:
        answer(self._server, lambda one: one.eval(RELEASE, 1, self._key, self._owner))
