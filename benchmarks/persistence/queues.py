"""The five queues of the comparison: four ways of a Redis to keep what it is given, and the database."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import redis

from benchmarks.persistence.backups import AppendOnlyFile, Backup, Dump, Snapshot, snapshot
from tests.support.servers import Redis

SYNCED_WITHIN_MS = 5_000


@dataclass(frozen=True, slots=True)
class KeptQueue:
    """`note` is what the note makes of it, `driver` that of MOVIEMIND_QUEUE; `options` are set against the
    redis.conf that is deployed.

    `settle` gives a running Redis the time it needs to keep what it has by now as well as it ever will: the
    snapshot stands for one that a rule of `save` makes when its minutes are over.
    """

    name: str
    title: str
    note: str
    backup: Backup[Any]
    driver: str = "redis"
    options: Sequence[str] = ()
    settle: Callable[[Redis], None] = lambda _: None


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
        Snapshot(),
        options=("--appendonly", "no", "--save", ""),
    ),
    KeptQueue(
        "redis-rdb",
        "Redis, RDB only",
        "the Redis queue needs AOF",
        Snapshot(),
        options=("--appendonly", "no"),
        settle=snapshot,
    ),
    KeptQueue(
        "redis-aof-everysec",
        "Redis, AOF everysec",
        "AOF: what it needs",
        AppendOnlyFile(),
        settle=_wait_for_fsync,
    ),
    KeptQueue(
        "redis-aof-always",
        "Redis, AOF always",
        "AOF: what it needs",
        AppendOnlyFile(),
        options=("--appendfsync", "always"),
    ),
    KeptQueue("database", "database queue", "safer and slower", Dump(), driver="database"),
)

TITLES = {one.name: one.title for one in QUEUES}
