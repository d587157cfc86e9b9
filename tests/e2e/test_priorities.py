"""Thousands of bulk jobs wait, and whoever asks for one film does not wait behind them."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pytest

from domain.events import GenerationRequested, GenerationStarted
from domain.values import Priority
from tests.support.cluster import QUEUES, Cluster, Part
from tests.support.process import moviemind, wait_until

BULK = 2_000
PROCESSES, THREADS = 2, 4
ALL_THREADS = PROCESSES * THREADS
INTERACTIVE = ALL_THREADS
ASKED_ONE_BY_ONE = 5
STARTED_WITHIN = timedelta(seconds=2)
GIVEN_TO_ANOTHER_SECONDS = 10.0
"""Far less than the calls of the slow worker take, and than it takes a message to be sent again."""


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """With thousands of bulk jobs, and no worker yet."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(
            Path(home),
            queue=request.param,
            template_latency_ms="200",
            worker_dead_seconds="30",
            resend_seconds="60",
        )
        cluster.start_api(processes=2)
        cluster.start_projector()
        films = Path(home) / "films.csv"
        rows = (f"Bulk Film {number},1999\n" for number in range(BULK))
        films.write_text("title,year\n" + "".join(rows), encoding="utf-8")
        asked = moviemind("generate", "--from", str(films), "--url", cluster.url)
        assert asked.returncode == 0, asked.stderr
        yield cluster
        cluster.close()


@pytest.fixture
def worker(cluster: Cluster) -> Iterator[Part]:
    """All of whose threads write bulk texts."""
    started = len(cluster.of(GenerationStarted))
    worker = cluster.start_worker(processes=PROCESSES, threads=THREADS)
    wait_until(
        lambda: len(cluster.of(GenerationStarted)) >= started + 2 * ALL_THREADS, "all threads are busy"
    )
    yield worker
    worker.kill9()


def test_what_is_asked_for_now_starts_before_the_next_bulk_job(cluster: Cluster, worker: Part) -> None:
    """While the requests come in the workers stand still: which jobs they start then, in which order, does
    not depend on how quick the machine is. At most one bulk job per thread was in their hands already."""
    worker.signal(signal.SIGSTOP)
    head = len(cluster.events())
    films = [f"asked-while-frozen-{number}-1999" for number in range(INTERACTIVE)]
    cluster.ask(films)
    wait_until(lambda: _interactive_waiting(cluster) == INTERACTIVE, "their messages wait")
    worker.signal(signal.SIGCONT)

    wait_until(lambda: set(films) <= set(_started(cluster, after=head)), "all of them have started")
    started = _started(cluster, after=head)
    last = max(started.index(film) for film in films)
    assert last + 1 - INTERACTIVE <= ALL_THREADS, started[: last + 1]


def test_a_film_asked_for_now_is_started_within_two_seconds(cluster: Cluster, worker: Part) -> None:
    """A thread is free every few milliseconds."""
    films = [f"asked-now-{number}-1999" for number in range(ASKED_ONE_BY_ONE)]
    for film in films:
        cluster.ask([film])
        wait_until(partial(_is_started, cluster, film), f"{film} is started")

    asked = {e.job_id: e for e in cluster.of(GenerationRequested) if e.requested_slug in films}
    waits = [
        e.timestamp - asked[e.job_id].timestamp for e in cluster.of(GenerationStarted) if e.job_id in asked
    ]
    print(f"\n{cluster.queue}: started after {[f'{wait.total_seconds():.2f} s' for wait in waits]}")  # noqa: T201
    assert median(waits) < STARTED_WITHIN
    assert max(waits) < 5 * STARTED_WITHIN, "whatever else the machine did at that moment"
    assert "PENDING" in cluster.statuses(), "bulk jobs wait all the while"


def test_a_worker_whose_calls_take_long_keeps_nothing_that_others_could_start(
    cluster: Cluster, worker: Part
) -> None:
    slow = cluster.start_worker(threads=THREADS, template_latency_ms="80000")
    slow.wait_for("generation.started", times=THREADS)
    films = [f"asked-beside-a-slow-worker-{number}-1999" for number in range(4 * THREADS)]

    for film in films:
        cluster.ask([film])
        wait_until(partial(_is_started, cluster, film), f"{film} is started", GIVEN_TO_ANOTHER_SECONDS)

    assert slow.log().count("generation.started") == THREADS
    slow.kill9()


def _started(cluster: Cluster, *, after: int = 0) -> list[str]:
    """The films of claims in the order in which they were made."""
    events = cluster.events()[after:]
    return [one.slug for one in events if isinstance(one.event, GenerationStarted)]


def _is_started(cluster: Cluster, film: str) -> bool:
    return film in _started(cluster)


def _interactive_waiting(cluster: Cluster) -> int:
    if cluster.redis is not None:
        waiting: int = cluster.redis.client().llen(f"{cluster.namespace}:{Priority.INTERACTIVE}")
        return waiting
    ((count,),) = cluster.postgres.execute(
        "SELECT count(*) FROM dramatiq.queue WHERE queue_name = 'interactive' AND state = 'queued'"
    )
    return int(count)
