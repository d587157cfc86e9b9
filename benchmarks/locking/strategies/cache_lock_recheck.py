"""A1 as it is meant: a cache lock, and inside it a second look whether somebody has written meanwhile.

Right as long as the lock holds: its holder must be done before the TTL is over, and Redis must not forget.
"""

from uuid import UUID

from benchmarks.locking.redis_lock import RedisLock
from benchmarks.locking.rival import RivalWithRedis
from benchmarks.locking.strategy import Job, Write


class CacheLockWithRecheck(RivalWithRedis):
    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self.descriptions.find(job.slug)
        if existing is not None:
            return existing
        with RedisLock(self._redis, job.slug, self._pace).held():
            return self.descriptions.find(job.slug) or self.descriptions.add(job.slug, write())
