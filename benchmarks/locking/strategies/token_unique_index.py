"""A6, the note's preference: an in-flight token in Redis at request time, a unique index as the final word.

Who finds a token follows the job it names, and nothing is queued for it. The token is a courtesy: where Redis
forgets it, or cannot be asked, there are two jobs, and the index lets one of them save.
"""

from contextlib import suppress
from uuid import UUID

import redis

from benchmarks.locking.redis_lock import RELEASE, connect
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategies.unique_index_postgresql import UniqueIndexOnPostgres
from benchmarks.locking.strategy import Job, Write


class TokenAndUniqueIndex(UniqueIndexOnPostgres):
    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._redis = connect(setup.redis_urls[0])
        self._token_ms = int(setup.pace.token * 1000)

    def request(self, job: Job) -> Job:
        try:
            ours = str(job.job_id).encode()
            token = self._redis.set(_key(job), ours, nx=True, get=True, px=self._token_ms)
        except (redis.ConnectionError, redis.TimeoutError):
            return job
        return Job(UUID(token.decode()), job.slug) if isinstance(token, bytes) else job

    def work(self, job: Job, write: Write) -> UUID | None:
        description_id = super().work(job, write)
        with suppress(redis.ConnectionError, redis.TimeoutError):  # it ends by itself
            self._redis.eval(RELEASE, 1, _key(job), str(job.job_id))
        return description_id

    def close(self) -> None:
        self._redis.close()
        super().close()


def _key(job: Job) -> str:
    return f"in-flight:{job.slug}"
