"""A6, the note's preference: an in-flight token in Redis at request time, a unique index as the final word.

Who finds a token follows the job it names, and nothing is queued for it. The token is a courtesy: where Redis
forgets it, or cannot be asked, there are two jobs, and the index lets one of them save.
"""

from collections.abc import Sequence
from contextlib import suppress
from uuid import UUID

import redis
from psycopg.errors import UniqueViolation  # SQLSTATE 23505

from benchmarks.locking import descriptions
from benchmarks.locking.descriptions import UNIQUE_SLUG, Descriptions
from benchmarks.locking.redis_lock import RELEASE, connect
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Strategy, Write


class TokenAndUniqueIndex(Strategy):
    def __init__(self, setup: Setup) -> None:
        self._descriptions = Descriptions(setup.store_url)
        self._redis = connect(setup.redis_urls[0])
        self._token_ms = int(setup.pace.ttl * 1000)

    @classmethod
    def create(cls, setup: Setup) -> None:
        descriptions.create(setup.store_url, is_unique=True)

    def request(self, job: Job) -> Job:
        try:
            ours = str(job.job_id).encode()
            token = self._redis.set(_key(job), ours, nx=True, get=True, px=self._token_ms)
        except (redis.ConnectionError, redis.TimeoutError):
            return job
        return Job(UUID(token.decode()), job.slug) if isinstance(token, bytes) else job

    def work(self, job: Job, write: Write) -> UUID | None:
        description_id = self._descriptions.find(job.slug) or self._add(job, write())
        with suppress(redis.ConnectionError, redis.TimeoutError):  # it ends by itself
            self._redis.eval(RELEASE, 1, _key(job), str(job.job_id))
        return description_id

    def accepted(self, slug: str) -> Sequence[UUID]:
        return self._descriptions.all(slug)

    def close(self) -> None:
        self._redis.close()
        self._descriptions.close()

    def _add(self, job: Job, text: str) -> UUID | None:
        try:
            return self._descriptions.add(job.slug, text)
        except UniqueViolation as violation:
            if violation.diag.constraint_name != UNIQUE_SLUG:
                raise
            return self._descriptions.find(job.slug)


def _key(job: Job) -> str:
    return f"in-flight:{job.slug}"
