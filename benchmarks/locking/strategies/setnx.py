"""A4 on one server: SET NX PX, released by its owner alone, and a look at the store on both sides of it.

Nobody waits inside a worker: who does not get the lock leaves the job to the queue for a moment.
"""

from uuid import UUID

from benchmarks.locking.redis_lock import RedisLock
from benchmarks.locking.rival import RivalWithRedis
from benchmarks.locking.strategy import Job, Write


class SetNx(RivalWithRedis):
    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self._descriptions.find(job.slug)
        if existing is not None:
            return existing
        lock = RedisLock(self._redis, job.slug, self._pace)
        if not lock.acquire():
            return None
        try:
            return self._descriptions.find(job.slug) or self._descriptions.add(job.slug, write())
        finally:
            lock.release()
