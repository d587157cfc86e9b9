"""Messages run in threads of the process; nothing a run does takes a thread away for good."""

import threading
import time
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest

from domain.values import Priority
from infrastructure.queues.embedded import EmbeddedQueue
from tests.support.process import wait_until

DEADLINE_SECONDS = 10.0


class _Runs:
    """What the worker threads do, film by film: `gate` holds a run until it is opened."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.threads: set[str] = set()
        self.job_ids: list[UUID] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, slug: str, job_id: UUID) -> None:
        self.begun.append(slug)
        self.threads.add(threading.current_thread().name)
        self.job_ids.append(job_id)
        if slug.startswith("broken"):
            raise RuntimeError("this run is broken")
        assert self.gate.wait(DEADLINE_SECONDS)
        self.ended.append(slug)


Start = Callable[..., EmbeddedQueue]


@pytest.fixture
def runs() -> _Runs:
    return _Runs()


@pytest.fixture
def start(runs: _Runs) -> Iterator[Start]:
    """Start queues that are stopped when the test ends."""
    started: list[EmbeddedQueue] = []

    def start_queue(run: Callable[[str, UUID], object] = runs, *, threads: int = 1) -> EmbeddedQueue:
        queue = EmbeddedQueue(run, threads=threads)
        started.append(queue)
        queue.start()
        return queue

    yield start_queue
    runs.gate.set()
    for queue in started:
        queue.stop(timeout_seconds=DEADLINE_SECONDS)


def _send(queue: EmbeddedQueue, slug: str, priority: Priority = Priority.INTERACTIVE) -> UUID:
    job_id = uuid4()
    queue.enqueue(slug=slug, job_id=job_id, attempt=1, priority=priority)
    return job_id


def _wait_for(slugs: list[str], *, expected: int) -> None:
    wait_until(lambda: len(slugs) >= expected, f"{expected} runs", DEADLINE_SECONDS)


def test_a_message_runs_with_the_job_it_names(start: Start, runs: _Runs) -> None:
    queue = start()

    job_id = _send(queue, "heat-1995")

    _wait_for(runs.ended, expected=1)
    assert (runs.begun, runs.job_ids) == (["heat-1995"], [job_id])


def test_as_many_messages_run_at_once_as_there_are_threads(start: Start, runs: _Runs) -> None:
    runs.gate.clear()
    queue = start(threads=3)

    for number in range(4):
        _send(queue, f"film-{number}")

    _wait_for(runs.begun, expected=3)
    wait_until(lambda: _in_hand(queue) == 1, "the worker has the fourth in hand", DEADLINE_SECONDS)
    assert len(runs.threads) == len(runs.begun) == 3, "the fourth waits for a thread"
    assert runs.ended == []
    runs.gate.set()
    _wait_for(runs.ended, expected=4)


def test_an_exception_in_a_run_does_not_stop_the_worker(start: Start, runs: _Runs) -> None:
    queue = start()

    for slug in ("broken-1", "broken-2", "heat-1995"):
        _send(queue, slug)

    _wait_for(runs.ended, expected=1)
    assert runs.begun == ["broken-1", "broken-2", "heat-1995"], "and what broke is not run again"


def test_interactive_messages_run_before_bulk_ones_that_came_first(start: Start, runs: _Runs) -> None:
    runs.gate.clear()
    queue = start(threads=1)
    _send(queue, "busy")
    _wait_for(runs.begun, expected=1)
    _send(queue, "bulk-1", Priority.BULK)
    _send(queue, "bulk-2", Priority.BULK)
    _send(queue, "interactive")
    wait_until(lambda: _in_hand(queue) == 3, "the worker has all of them in hand", DEADLINE_SECONDS)

    runs.gate.set()

    _wait_for(runs.ended, expected=4)
    assert runs.begun == ["busy", "interactive", "bulk-1", "bulk-2"]


def test_stop_lets_running_attempts_finish_and_begins_no_others(start: Start, runs: _Runs) -> None:
    runs.gate.clear()
    queue = start(threads=1)
    _send(queue, "running")
    _wait_for(runs.begun, expected=1)
    _send(queue, "waiting")
    stopper = threading.Thread(target=queue.stop, kwargs={"timeout_seconds": DEADLINE_SECONDS})
    stopper.start()
    wait_until(lambda: not queue._worker.workers[0].running, "the worker is told to stop", DEADLINE_SECONDS)

    runs.gate.set()
    stopper.join(DEADLINE_SECONDS)

    assert (runs.begun, runs.ended) == (["running"], ["running"])


def test_stop_gives_up_attempts_that_take_too_long(start: Start, runs: _Runs) -> None:
    runs.gate.clear()
    queue = start()
    _send(queue, "endless")
    _wait_for(runs.begun, expected=1)
    before = time.monotonic()

    queue.stop(timeout_seconds=0.1)

    assert time.monotonic() - before < DEADLINE_SECONDS / 2
    assert runs.ended == []


def test_what_no_worker_has_taken_is_waiting(start: Start, runs: _Runs) -> None:
    runs.gate.clear()
    queue = start(threads=1)
    _send(queue, "taken")
    _wait_for(runs.begun, expected=1)
    for number in range(5):
        _send(queue, f"waiting-{number}", Priority.BULK if number % 2 else Priority.INTERACTIVE)

    assert queue.waiting() == 5

    runs.gate.set()
    wait_until(lambda: queue.waiting() == 0, "all are taken", DEADLINE_SECONDS)


def test_every_start_is_an_epoch_of_its_own(start: Start) -> None:
    first, second = start(), start()

    assert first.epoch() == first.epoch() != second.epoch()


def _in_hand(queue: EmbeddedQueue) -> int:
    return queue._worker.work_queue.qsize()
