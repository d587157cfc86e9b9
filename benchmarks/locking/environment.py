"""On what the lab is run."""

from contextlib import closing
from datetime import UTC, datetime
from sqlite3 import sqlite_version
from typing import Any

from benchmarks.locking.servers import Servers
from benchmarks.machine import machine


def environment(servers: Servers) -> dict[str, Any]:
    """The machine, and the versions of what takes part."""
    ((postgres,),) = servers.postgres.execute("SHOW server_version")
    with closing(servers.redis[0].client()) as client:
        redis = client.info("server")["redis_version"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        **machine(),
        "postgresql": postgres,
        "redis": redis,
        "sqlite": sqlite_version,
    }
