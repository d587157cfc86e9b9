"""Redis' master dies under load, its replica takes over without the last messages, and nobody loses a job.

Messages are sent again only after a minute here, so that whatever is done soon was not waited for.
"""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from domain.events import GenerationAttemptFailed, GenerationStarted
from tests.support.cluster import Cluster
from tests.support.process import wait_until
from tests.support.sentinels import PATIENT_MS, QUICK_MS, FailOver, WatchedRedis, is_replica
from tests.support.traffic import Traffic

MISSED = 40
BACK_TO_WORK_SECONDS = 20.0
SENTINELS_ACT_SECONDS = 150.0
"""They do nothing for half a minute when their clock has jumped, and again when it does so meanwhile."""
NOBODY_WAITS_FOR_THAT = "60"


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        yield Path(home)


@pytest.fixture
def servers(home: Path) -> Iterator[FailOver]:
    servers = FailOver(home)
    yield servers
    servers.close()


@pytest.fixture
def cluster(home: Path, servers: FailOver) -> Iterator[Cluster]:
    cluster = Cluster(
        home,
        queue="redis",
        redis_for="nothing",
        redis_url=servers.url,
        resend_seconds=NOBODY_WAITS_FOR_THAT,
        template_latency_ms="300",
    )
    yield cluster
    cluster.close()


def test_a_fail_over_under_load_loses_no_accepted_job(cluster: Cluster, servers: FailOver) -> None:
    parts = [cluster.start_api(), cluster.start_projector(), cluster.start_worker(threads=8)]
    with Traffic(cluster.url, "film") as traffic:
        traffic.wait_for_accepted()
        servers.cut_replication()
        cluster.ask(f"missed-{number}-1999" for number in range(MISSED))
        wait_until(
            lambda: _queued(servers.master, cluster) - _queued(servers.replica, cluster),
            "the replica misses messages",
        )

        servers.act_after(QUICK_MS)
        servers.master.kill9()
        traffic.wait_for_accepted()
        wait_until(servers.is_over, "the replica is the master", SENTINELS_ACT_SECONDS, log=servers.told)
        servers.act_after(PATIENT_MS)
        traffic.wait_for_accepted()
        servers.master.start()
        wait_until(
            lambda: is_replica(servers.master),
            "the old master is a replica",
            SENTINELS_ACT_SECONDS,
            log=servers.told,
        )
        traffic.wait_for_accepted()

    promised = cluster.requested()
    cluster.wait_until_done(promised, BACK_TO_WORK_SECONDS)
    assert traffic.errors == []
    assert traffic.refused() == []
    assert all(part.is_running() for part in parts), "nothing has to be started anew"
    assert cluster.of(GenerationAttemptFailed) == [], "nobody was declared dead"
    assert len(cluster.of(GenerationStarted)) == promised, "and nothing was paid for twice"
    cluster.is_sound()


def _queued(server: WatchedRedis, cluster: Cluster) -> set[str]:
    with closing(server.client()) as client:
        return {str(message) for message in client.lrange(f"{cluster.namespace}:interactive", 0, -1)}
