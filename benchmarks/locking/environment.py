"""On what the lab is run: without it a figure says nothing."""

import os
import platform
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import sqlite_version
from typing import Any

from benchmarks.locking.servers import Servers

_MEMORY = "MemTotal:"


def environment(servers: Servers) -> dict[str, Any]:
    """The machine, and the versions of what takes part."""
    ((postgres,),) = servers.postgres.execute("SHOW server_version")
    with closing(servers.redis[0].client()) as client:
        redis = client.info("server")["redis_version"]
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_mib": _memory_mib(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "postgresql": postgres,
        "redis": redis,
        "sqlite": sqlite_version,
    }


def _memory_mib() -> int:
    facts = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    (line,) = [fact for fact in facts if fact.startswith(_MEMORY)]
    return int(line.split()[1]) // 1024
