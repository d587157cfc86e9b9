"""A worker killed with `kill -9`, or frozen, at every step: the job is done by another, and only once."""

import signal
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from domain import events
from domain.values import FailureType, RejectionReason
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.process import wait_until
from tests.support.proxy import Proxy

STARTED, GENERATED = b":GenerationStarted", b":DescriptionGenerated"


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """With everything but workers."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param)
        cluster.start_api()
        cluster.start_projector()
        yield cluster
        cluster.close()


@pytest.fixture
def store_line(cluster: Cluster) -> Iterator[Proxy]:
    """A worker's way to the store."""
    proxy = Proxy(cluster.postgres.port)
    yield proxy
    proxy.close()


def _on_the_line(cluster: Cluster, proxy: Proxy) -> Part:
    return cluster.start_worker(store_url=proxy.towards(cluster.postgres.url()))


def _finishes_with_another(cluster: Cluster, slug: str, *, failed_attempts: int) -> None:
    """Start a second worker, and see what came of the job."""
    rescuer = cluster.start_worker()
    cluster.wait_until_done(len(cluster.statuses()))
    assert rescuer.stop() == 0
    cluster.is_sound()
    lost = [
        event
        for event in _of(cluster, slug)
        if isinstance(event, events.GenerationAttemptFailed) and event.failure_type == FailureType.WORKER_LOST
    ]
    assert len(lost) == failed_attempts


def _of(cluster: Cluster, slug: str) -> list[events.Event]:
    return [recorded.event for recorded in cluster.events() if recorded.slug == slug]


def _names(cluster: Cluster, slug: str) -> list[str]:
    return [type(event).__name__ for event in _of(cluster, slug)]


@pytest.mark.parametrize(
    ("at", "what", "lost_attempts"),
    [(STARTED, "request", 0), (STARTED, "answer", 1), (GENERATED, "request", 1), (GENERATED, "answer", 0)],
    ids=["before the claim", "after the claim", "before the text is saved", "after the text is saved"],
)
def test_a_worker_killed_at_its_appends(
    cluster: Cluster, store_line: Proxy, at: bytes, what: str, lost_attempts: int
) -> None:
    slug = f"film-{at.decode().strip(':').lower()}-{what}-{cluster.queue}-1999"
    worker = _on_the_line(cluster, store_line)
    held = store_line.hold_next(what, at=at)  # type: ignore[arg-type]
    cluster.ask([slug])
    assert held.wait(30)

    worker.kill9()
    store_line.go_down()

    _finishes_with_another(cluster, slug, failed_attempts=lost_attempts)


def test_a_worker_killed_while_the_writer_writes(cluster: Cluster) -> None:
    slug = f"film-writing-{cluster.queue}-1999"
    worker = cluster.start_worker(template_latency_ms="60000")
    cluster.ask([slug])
    wait_until(lambda: "GenerationStarted" in _names(cluster, slug), "the job is claimed")

    worker.kill9()

    _finishes_with_another(cluster, slug, failed_attempts=1)


def test_a_worker_killed_before_its_message_is_acknowledged(cluster: Cluster, store_line: Proxy) -> None:
    slug = f"film-ack-{cluster.queue}-1999"
    if cluster.redis is not None:
        proxy, ack = Proxy(cluster.redis.port), b"\r\nack\r\n"
        worker = cluster.start_worker(redis_url=f"redis://127.0.0.1:{proxy.port}/0")
    else:
        proxy, ack = store_line, b"WITH acked"
        worker = _on_the_line(cluster, proxy)
    held = proxy.hold_next("request", at=ack)
    cluster.ask([slug])
    assert held.wait(30)
    while "DescriptionGenerated" not in _names(cluster, slug):  # that was the ack of an older message
        proxy.release()
        assert proxy.hold_next("request", at=ack).wait(30)

    worker.kill9()
    proxy.close()

    _finishes_with_another(cluster, slug, failed_attempts=0)


def test_a_worker_frozen_past_its_claim_is_refused_when_it_wakes_up(cluster: Cluster) -> None:
    """Its text was paid for: that is recorded, and the text is not accepted."""
    slug = f"film-frozen-{cluster.queue}-1999"
    zombie = cluster.start_worker(template_latency_ms="8000")
    cluster.ask([slug])
    wait_until(lambda: "GenerationStarted" in _names(cluster, slug), "the job is claimed")
    zombie.signal(signal.SIGSTOP)

    _finishes_with_another(cluster, slug, failed_attempts=1)
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: "StaleResultRejected" in _names(cluster, slug), "the late text is refused")

    assert _names(cluster, slug).count("DescriptionGenerated") == 1
    (refused,) = (e for e in _of(cluster, slug) if isinstance(e, events.StaleResultRejected))
    assert (refused.attempt, refused.reason) == (1, RejectionReason.DESCRIPTION_EXISTS)
    assert zombie.stop() == 0
    cluster.is_sound()
