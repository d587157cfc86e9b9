"""A1 as the note's service had it: a cache lock around "write and save", the film looked up before it.

Who has waited for the lock does not look again, and writes a second description.
"""

from uuid import UUID

from benchmarks.locking.redis_lock import RedisLock
from benchmarks.locking.rival import RivalWithRedis
from benchmarks.locking.strategy import Job, Write


class CacheLock(RivalWithRedis):
    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self.descriptions.find(job.slug)
        if existing is not None:
            return existing
        with RedisLock(self._redis, job.slug, self._pace).held():
            return self.descriptions.add(job.slug, write())
