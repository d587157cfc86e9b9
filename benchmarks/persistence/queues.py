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
    """`note` is what the note makes of it, `driver` that of MOVIEMIND_QUEUE; `options` are set against the
    redis.conf that is deployed.

    `settle` gives a running Redis the time it needs to keep what it has by now as well as it ever will.
    """

    name: str
    title: str
    note: str
    driver: str = "redis"
    options: Sequence[str] = ()
    settle: Callable[[Redis], None] = lambda _: None


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
    KeptQueue(
        "redis-none",
        "Redis without persistence",
        "the Redis queue needs AOF",
        options=("--appendonly", "no", "--save", ""),
    ),
    KeptQueue(
        "redis-rdb",
        "Redis, RDB only",
        "the Redis queue needs AOF",
        options=("--appendonly", "no"),
        settle=_snapshot,
    ),
    KeptQueue("redis-aof-everysec", "Redis, AOF everysec", "AOF: what it needs", settle=_wait_for_fsync),
    KeptQueue(
        "redis-aof-always", "Redis, AOF always", "AOF: what it needs", options=("--appendfsync", "always")
    ),
    KeptQueue("database", "database queue", "safer and slower", driver="database"),
)

TITLES = {one.name: one.title for one in QUEUES}
