"""On what was measured: machine, servers, disk."""

import os
import platform
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import gettempdir

from benchmarks.persistence.cell import Size
from benchmarks.persistence.host import Host
from benchmarks.persistence.report import Environment


def environment(host: Host, size: Size, *, seed: int) -> Environment:
    """Of a host that is running."""
    facts: Environment = {
        "date": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cpus": os.cpu_count() or 0,
        "load": f"{os.getloadavg()[0]:.1f} when it began",
        "files": f"{_file_system(Path(gettempdir()))}, where no power is cut",
        "system": platform.platform(),
        "python": platform.python_version(),
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


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
