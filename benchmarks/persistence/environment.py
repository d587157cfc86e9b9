"""On what was measured: machine, servers, disk."""

from contextlib import closing
from datetime import UTC, datetime

from benchmarks.machine import machine
from benchmarks.persistence.cell import Size
from benchmarks.persistence.host import Host
from benchmarks.persistence.report import Environment


def environment(host: Host, size: Size, *, seed: int) -> Environment:
    """Of a host that is running."""
    facts: Environment = {
        "date": datetime.now(UTC).date().isoformat(),
        **machine(),
        "postgresql": str(host.cluster.postgres.execute("SHOW server_version")[0][0]),
        "seed": seed,
        "messages_settled": size.settled,
        "messages_timed": size.fresh,
    }
    if host.cluster.redis is not None:
        with closing(host.cluster.redis.client()) as client:
            facts["redis"] = client.info("server")["redis_version"]
    return facts
