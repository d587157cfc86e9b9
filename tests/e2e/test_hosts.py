"""Processes on hosts of their own, one of which is cut off: what it sends is lost, and nobody is told."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from domain import events
from domain.values import FailureType, RejectionReason
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.hosts import Host, NotPermitted
from tests.support.process import wait_until
from tests.support.traffic import Traffic

CUT_OFF_SECONDS = 5.0
"""In which another projector leads, as the requirement has it, on a machine that does nothing else."""

SLUG = "the-matrix-1999"


@pytest.fixture(scope="module")
def hosts() -> Iterator[tuple[Host, Host]]:
    with ExitStack() as stack:
        try:
            both = stack.enter_context(closing(Host())), stack.enter_context(closing(Host()))
        except NotPermitted as error:
            pytest.skip(f"network namespaces cannot be made here: {error}")
        yield both


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest, hosts: tuple[Host, Host]) -> Iterator[Cluster]:
    """With an API on this host, which also has the servers."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param, also_on=[host.ours for host in hosts])
        cluster.start_api()
        yield cluster
        cluster.close()


def _from(host: Host, cluster: Cluster) -> dict[str, str]:
    """Where the servers are, for a process on that host."""
    urls = {"store_url": cluster.postgres.url()}
    if cluster.redis is not None:
        urls["redis_url"] = cluster.redis.url
    return {name: url.replace("127.0.0.1", host.ours) for name, url in urls.items()}


def _worker_on(host: Host, cluster: Cluster, **settings: str) -> Part:
    return cluster.start_worker(inside=host.inside, **_from(host, cluster), **settings)  # type: ignore[arg-type]


def _projector_on(host: Host, cluster: Cluster, *, leads: bool = True) -> Part:
    return cluster.start_projector(inside=host.inside, leads=leads, **_from(host, cluster))


def _sessions_of(host: Host, cluster: Cluster) -> list[tuple[object, ...]]:
    of_it = f"client_addr = '{host.address}'"
    return cluster.postgres.execute(f"SELECT pid, state, query FROM pg_stat_activity WHERE {of_it}")


def _of_the_film(cluster: Cluster, kind: type[events.Event]) -> list[Any]:
    return [r.event for r in cluster.events() if r.slug == SLUG and isinstance(r.event, kind)]


def test_a_worker_cut_off_while_it_writes_is_refused_when_it_is_back(
    cluster: Cluster, hosts: tuple[Host, Host]
) -> None:
    here, there = hosts
    jobs = cluster.requested()
    projector = cluster.start_projector()
    cut_off = _worker_on(here, cluster, template_latency_ms="8000")
    cluster.ask([SLUG])
    wait_until(lambda: _of_the_film(cluster, events.GenerationStarted), "the job is claimed")

    with here.unplugged():
        other = _worker_on(there, cluster)
        cluster.wait_until_done(jobs + 1)
    wait_until(lambda: _of_the_film(cluster, events.StaleResultRejected), "the late text is refused")

    (lost,) = _of_the_film(cluster, events.GenerationAttemptFailed)
    (refused,) = _of_the_film(cluster, events.StaleResultRejected)
    assert lost.failure_type == FailureType.WORKER_LOST
    assert (refused.attempt, refused.reason) == (1, RejectionReason.DESCRIPTION_EXISTS)
    assert other.stop() == 0
    cluster.ask(["heat-1995"])
    cluster.wait_until_done(jobs + 2)
    assert cut_off.stop() == 0
    projector.close()
    cluster.is_sound()


def test_a_projector_cut_off_is_replaced_and_stands_by_when_it_is_back(
    cluster: Cluster, hosts: tuple[Host, Host]
) -> None:
    here, there = hosts
    cut_off, standby = _projector_on(here, cluster), _projector_on(there, cluster, leads=False)
    worker = cluster.start_worker()
    with Traffic(cluster.url, f"film-{cluster.queue}") as traffic:
        traffic.wait_for_accepted()
        with here.unplugged():
            cut_off_at = time.monotonic()
            standby.wait_for("projector.leads", 3 * CUT_OFF_SECONDS)
            took = time.monotonic() - cut_off_at
            print(f"\nanother projector leads after {took:.1f} s")  # noqa: T201 - a figure
            wait_until(
                lambda: not _sessions_of(here, cluster),
                "the server has noticed that it is gone",
                30,
                log=lambda: str(_sessions_of(here, cluster)),
            )
        cut_off.wait_for("projector.stands_down")
        traffic.wait_for_accepted()

    assert (traffic.refused(), traffic.errors) == ([], [])
    cluster.wait_until_done(len(cluster.of(events.GenerationRequested)))
    cluster.is_sound()
    assert cut_off.stop() == standby.stop() == worker.stop() == 0
