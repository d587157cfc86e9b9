"""The five queues of the comparison: four ways of a Redis to keep what it is given, and the database."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import redis

from tests.support.process import wait_until
from tests.support.servers import Redis

SYNCED_WITHIN_MS = 5_000


@dataclass(frozen=True, slots=True)
class KeptQueue:
    """`redis_options` are set against the redis.conf that is deployed; None where the queue is in no Redis.

    `settle` gives a running server the time it needs to keep what it has by now as well as it ever will.
    """

    name: str
    title: str
    redis_options: Sequence[str] | None
    settle: Callable[[Redis], None] = lambda _: None

    @property
    def driver(self) -> str:
        """As in MOVIEMIND_QUEUE."""
        return "database" if self.redis_options is None else "redis"


def _snapshot(server: Redis) -> None:
    """Stands for the one that a rule of `save` makes when its minutes are over."""
    with closing(server.client()) as client:
        client.bgsave()
        wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"], "the snapshot is made")


def _wait_for_fsync(server: Redis) -> None:
    """Of everything before it, which is told on the line that has written last."""
    with closing(redis.Redis(port=server.port, single_connection_client=True)) as line:
        line.set("benchmark:settled", 1)
        synced, _ = line.waitaof(1, 0, SYNCED_WITHIN_MS)
        assert synced, "the server has not synced its file"


QUEUES = (
    KeptQueue("redis-none", "Redis without persistence", ("--appendonly", "no", "--save", "")),
    KeptQueue("redis-rdb", "Redis, RDB only", ("--appendonly", "no"), _snapshot),
    KeptQueue("redis-aof-everysec", "Redis, AOF everysec", (), _wait_for_fsync),
    KeptQueue("redis-aof-always", "Redis, AOF always", ("--appendfsync", "always")),
    KeptQueue("database", "database queue", None),
)

TITLES = {one.name: one.title for one in QUEUES}
