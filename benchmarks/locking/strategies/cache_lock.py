"""A1 as the note's service had it: a cache lock around "write and save", the film looked up before it.

Who has waited for the lock does not look again, and writes a second description.
"""

from collections.abc import Sequence
from uuid import UUID

from benchmarks.locking import descriptions
from benchmarks.locking.descriptions import Descriptions
from benchmarks.locking.redis_lock import RedisLock, connect
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Strategy, Write


class CacheLock(Strategy):
    def __init__(self, setup: Setup) -> None:
        self._descriptions = Descriptions(setup.store_url)
        self._redis = connect(setup.redis_urls[0])
        self._pace = setup.pace

    @classmethod
    def create(cls, setup: Setup) -> None:
        descriptions.create(setup.store_url)

    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self._descriptions.find(job.slug)
        if existing is not None:
            return existing
        with RedisLock(self._redis, job.slug, self._pace).held():
            return self._descriptions.add(job.slug, write())

    def accepted(self, slug: str) -> Sequence[UUID]:
        return self._descriptions.all(slug)

    def close(self) -> None:
        self._redis.close()
        self._descriptions.close()
