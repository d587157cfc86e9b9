"""`moviemind api`, `worker` and `projector` as operators stop them, and as they lose them."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from domain.events import (
    DescriptionGenerated,
    GenerationAttemptFailed,
    GenerationStarted,
)
from infrastructure.settings import Settings
from interfaces.bootstrap import new_worker_id
from tests.support.cluster import QUEUES, QUICK, Cluster, Part
from tests.support.process import wait_until
from tests.support.traffic import ASKERS, Traffic

ORPHAN_SECONDS = 2.0
TAKEOVER_SECONDS = 15.0
"""Both as the requirement has them."""

AT_ONCE_SECONDS = 5.0
FOR_EVER = {"template_latency_ms": "60000"}
DEFAULTS = {name: str(Settings.model_fields[name].default) for name in QUICK if "backoff" not in name}
AS_PROCESS_1 = ("unshare", "--pid", "--fork", "--kill-child")

_count = iter(range(1, 10_000))
StartWorker = Callable[..., Part]


@pytest.fixture(scope="module", params=QUEUES)
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """With everything but workers; the API has two processes."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        cluster = Cluster(Path(home), queue=request.param)
        yield cluster
        cluster.close()


@pytest.fixture(scope="module")
def api(cluster: Cluster) -> Part:
    return cluster.start_api(processes=2)


@pytest.fixture(scope="module")
def projectors(cluster: Cluster) -> list[Part]:
    """The last one leads."""
    return [cluster.start_projector()]


@pytest.fixture
def start_worker(cluster: Cluster, api: Part, projectors: list[Part]) -> Iterator[StartWorker]:
    """Whatever a test does to its workers, in the end all that was asked for is done, and once."""
    started: list[Part] = []

    def start(**how: Any) -> Part:
        started.append(cluster.start_worker(**how))
        return started[-1]

    yield start
    if _written(cluster) < _requested(cluster):
        start()
    cluster.wait_until_done(_requested(cluster))
    for worker in started:
        worker.close()
    cluster.is_sound()


@pytest.fixture(scope="module")
def as_process_1() -> tuple[str, ...]:
    """A command that runs another one as containers do."""
    try:
        subprocess.run([*AS_PROCESS_1, "true"], check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", None) or error
        pytest.skip(f"process namespaces cannot be made here, which takes root or CAP_SYS_ADMIN: {reason}")
    return AS_PROCESS_1


def _requested(cluster: Cluster) -> int:
    return cluster.requested()


def _written(cluster: Cluster) -> int:
    return len(cluster.of(DescriptionGenerated))


def _have_written(cluster: Cluster, films: int) -> None:
    """Ask for films, and wait until somebody writes about each."""
    before = len(cluster.of(GenerationStarted))
    cluster.ask(f"film-{next(_count)}-1999" for _ in range(films))
    wait_until(lambda: len(cluster.of(GenerationStarted)) >= before + films, f"{films} texts are begun")


def _are_gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def _leave_no_orphans(part: Part) -> None:
    children = part.children()
    assert len(children) == 2
    part.kill9()
    wait_until(lambda: _are_gone(children), "both children have ended", ORPHAN_SECONDS)


@contextmanager
def _led_by(cluster: Cluster, projectors: list[Part], **settings: str) -> Iterator[None]:
    projectors[-1].stop()
    projectors.append(cluster.start_projector(**settings))  # type: ignore[arg-type]
    yield
    projectors[-1].stop()
    projectors.append(cluster.start_projector())


def test_the_children_of_a_killed_worker_end_with_it(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(processes=2, **FOR_EVER)
    _have_written(cluster, 4)

    _leave_no_orphans(worker)


def test_the_children_of_a_killed_api_end_with_it(cluster: Cluster, api: Part) -> None:
    another = cluster.start("api", "--port", "0", "--processes", "2")
    another.wait_for("api.started", times=2)

    _leave_no_orphans(another)


def test_a_killed_child_of_a_worker_is_replaced(cluster: Cluster, start_worker: StartWorker) -> None:
    worker = start_worker(processes=2, template_latency_ms="1000")
    killed, sibling = worker.children()
    _have_written(cluster, 8)

    os.kill(killed, signal.SIGKILL)

    worker.wait_for("worker.started", times=3)
    assert sibling in worker.children()


def test_a_killed_child_of_an_api_is_replaced(cluster: Cluster, api: Part, start_worker: StartWorker) -> None:
    start_worker()
    killed, sibling = api.children()
    with Traffic(cluster.url, f"traffic-{next(_count)}") as traffic:
        traffic.wait_for_accepted()
        os.kill(killed, signal.SIGKILL)
        traffic.wait_for_accepted()
        api.wait_for("api.started", times=3)

    assert sibling in api.children()
    assert traffic.refused() == []
    assert len(traffic.errors) <= ASKERS, "of each client one request may have been in its hands"


def test_a_killed_workers_job_is_taken_over_within_15_seconds(
    cluster: Cluster, projectors: list[Part], start_worker: StartWorker
) -> None:
    """Under the settings that nobody has touched."""
    dies = start_worker(**DEFAULTS, **FOR_EVER)
    with _led_by(cluster, projectors, **DEFAULTS):
        _have_written(cluster, 1)
        start_worker(**DEFAULTS)
        texts = _written(cluster)

        dies.kill9()

        wait_until(lambda: _written(cluster) == texts + 1, "another has written it", TAKEOVER_SECONDS)


def test_a_worker_of_the_same_host_and_pid_does_not_keep_a_dead_ones_claim_alive(
    as_process_1: tuple[str, ...], cluster: Cluster, start_worker: StartWorker
) -> None:
    """As in containers, where each worker is process 1."""
    dies = start_worker(inside=as_process_1, **FOR_EVER)
    _have_written(cluster, 1)
    dies.kill9()

    start_worker(inside=as_process_1)
    cluster.wait_until_done(_requested(cluster))

    *_, first, second = cluster.of(GenerationStarted)
    assert second.job_id == first.job_id
    assert _without_nonce(second.worker_id) == _without_nonce(first.worker_id)
    assert second.worker_id != first.worker_id


def test_one_process_makes_ids_that_differ() -> None:
    first, second = new_worker_id(), new_worker_id()

    assert _without_nonce(first) == _without_nonce(second)
    assert first != second


def _without_nonce(worker_id: str) -> str:
    return worker_id.rpartition(":")[0]


@pytest.mark.parametrize(
    ("number", "processes"),
    [(signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGINT, 2)],
    ids=["SIGTERM-1", "SIGTERM-2", "SIGINT-2"],
)
def test_a_worker_that_is_told_to_stop_finishes_what_it_writes(
    cluster: Cluster, start_worker: StartWorker, number: signal.Signals, processes: int
) -> None:
    """The signal goes to the whole group, as a terminal and a service manager send it."""
    worker = start_worker(processes=processes, template_latency_ms="1500")
    children, lost = worker.children(), cluster.of(GenerationAttemptFailed)
    _have_written(cluster, 3)

    os.killpg(worker.pid, number)

    assert worker.wait() == 0
    assert _are_gone(children)
    assert _written(cluster) == _requested(cluster)
    assert cluster.of(GenerationAttemptFailed) == lost


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_an_api_that_is_told_to_stop_ends_in_order(
    cluster: Cluster, api: Part, number: signal.Signals
) -> None:
    another = cluster.start("api", "--port", "0", "--processes", "2")
    another.wait_for("api.started", times=2)
    children = another.children()

    os.killpg(another.pid, number)

    assert another.wait() == 0
    assert _are_gone(children)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_projector_that_is_told_to_stop_ends_in_order(
    cluster: Cluster, projectors: list[Part], number: signal.Signals
) -> None:
    with _led_by(cluster, projectors):
        os.killpg(projectors[-1].pid, number)

        assert projectors[-1].wait() == 0


@pytest.mark.parametrize("processes", [1, 2])
def test_a_second_signal_ends_a_worker_at_once(
    cluster: Cluster, start_worker: StartWorker, processes: int
) -> None:
    worker = start_worker(processes=processes, **FOR_EVER)
    children = worker.children()
    _have_written(cluster, 1)
    os.kill(worker.pid, signal.SIGTERM)
    worker.wait_for("worker.stopping", times=processes)

    os.kill(worker.pid, signal.SIGTERM)

    assert worker.wait(AT_ONCE_SECONDS) == -signal.SIGTERM
    wait_until(lambda: _are_gone(children), "its children have ended", ORPHAN_SECONDS)
