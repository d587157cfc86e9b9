"""PostgreSQL is away for 20 s with the settings a user has who set nothing: no worker is taken for dead."""

import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from domain.events import GenerationAttemptFailed, GenerationStarted
from infrastructure.settings import Settings
from tests.support.cluster import QUICK, Cluster
from tests.support.process import wait_until

OUTAGE_SECONDS, THREADS = 20.0, 8
DEFAULTS = {name: str(Settings.model_fields[name].default) for name in QUICK if "backoff" not in name}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """The queue is in the store too: everything is away."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue="database", **DEFAULTS)
        try:
            yield cluster
        finally:
            cluster.close()


def test_calls_that_run_through_the_outage_are_not_paid_for_twice(cluster: Cluster) -> None:
    """All threads have claimed at once: every connection of the worker is open, and broken after."""
    cluster.start_api()
    cluster.start_projector()
    cluster.start_worker(threads=THREADS, template_latency_ms="40000")
    cluster.ask(f"film-{number}-1999" for number in range(THREADS))
    wait_until(lambda: len(cluster.of(GenerationStarted)) == THREADS, "all are being written")

    cluster.postgres.stop()
    threading.Event().wait(OUTAGE_SECONDS)
    cluster.postgres.start()

    cluster.wait_until_done(THREADS, 90)
    assert cluster.of(GenerationAttemptFailed) == []
    assert len(cluster.of(GenerationStarted)) == THREADS
    cluster.is_sound()
