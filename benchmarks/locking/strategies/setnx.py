"""A4 on one server: SET NX PX, released by its owner alone, and a look at the store on both sides of it.

Nobody waits inside a worker: who does not get the lock leaves the job to the queue for a moment.
"""

from collections.abc import Sequence
from uuid import UUID

from benchmarks.locking import descriptions
from benchmarks.locking.descriptions import Descriptions
from benchmarks.locking.redis_lock import RedisLock, connect
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Strategy, Write


class SetNx(Strategy):
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
        lock = RedisLock(self._redis, job.slug, self._pace)
        if not lock.acquire():
            return None
        try:
            return self._descriptions.find(job.slug) or self._descriptions.add(job.slug, write())
        finally:
            lock.release()

    def accepted(self, slug: str) -> Sequence[UUID]:
        return self._descriptions.all(slug)

    def close(self) -> None:
        self._redis.close()
        self._descriptions.close()
