"""On what was measured: machine, servers, disk."""

import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

from benchmarks.machine import machine
from benchmarks.persistence.cell import Size
from benchmarks.persistence.host import Host
from benchmarks.persistence.report import Environment


def environment(host: Host, size: Size, *, seed: int) -> Environment:
    """Of a host that is running."""
    facts: Environment = {
        "date": datetime.now(UTC).date().isoformat(),
        **machine(),
        "load": f"{os.getloadavg()[0]:.1f} when it began",
        "files": f"{_file_system(Path(gettempdir()))}, where no power is cut",
        "postgresql": str(host.cluster.postgres.execute("SHOW server_version")[0][0]),
        "seed": seed,
        "messages_settled": size.settled,
        "messages_timed": size.fresh,
    }
    if host.cluster.redis is not None:
        with closing(host.cluster.redis.client()) as client:
            facts["redis"] = client.info("server")["redis_version"]
    return facts


def _file_system(place: Path) -> str:
    """Of what is mounted there, or next above it."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    kinds = {Path(line.split()[1]): line.split()[2] for line in lines}
    return next(kinds[path] for path in (place, *place.parents) if path in kinds)
