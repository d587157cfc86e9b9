"""One suite for all queues: whatever carries the messages, they wake workers in the same way."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.errors import QueueUnavailable
from domain.values import Priority
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from tests.conformance.queue_drivers import (
    DEADLINE_SECONDS,
    DatabasePlace,
    EmbeddedPlace,
    Place,
    RedisPlace,
    Runs,
    hurry,
    running,
    send,
    wait_for_in_hand,
)
from tests.support.process import wait_until
from tests.support.servers import Postgres, Redis

ROOT = Path(__file__).parents[2]
SHARED = ["redis", "database"]
"""Queues that several processes use."""


@pytest.fixture(scope="module")
def redis_server() -> Iterator[Redis]:
    with running(Redis) as server:
        yield server


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[Postgres]:
    with running(Postgres) as server:
        yield server


@pytest.fixture
def runs() -> Runs:
    return Runs()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture
def place(kind: str, runs: Runs, request: pytest.FixtureRequest) -> Iterator[Place]:
    place = _place(kind, request)
    yield place
    runs.gate.set()
    place.close()


@pytest.fixture(params=["embedded", *SHARED])
def kind(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


only_shared = pytest.mark.parametrize("kind", SHARED)


def test_a_message_runs_with_the_film_and_the_job_it_names(place: Place, runs: Runs) -> None:
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=1)

    job_id = send(producer, "heat-1995")

    runs.wait_for_ended(1)
    assert (runs.begun, runs.job_ids) == (["heat-1995"], [job_id])


def test_messages_that_came_before_the_worker_run_when_it_starts(place: Place, runs: Runs) -> None:
    for number in range(5):
        send(place.open(), f"film-{number}", Priority.BULK if number % 2 else Priority.INTERACTIVE)

    place.open().start(runs, threads=2)

    runs.wait_for_ended(5)
    assert sorted(runs.ended) == [f"film-{number}" for number in range(5)]


def test_as_many_messages_run_at_once_as_there_are_threads(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=3)

    for number in range(3):
        send(producer, f"film-{number}")
    send(producer, "one-more", Priority.BULK)

    runs.wait_for_begun(3)
    wait_for_in_hand(worker, 1)
    assert len(runs.threads) == len(runs.begun) == 3, "the fourth waits for a thread"
    runs.gate.set()
    runs.wait_for_ended(4)


def test_an_interactive_message_runs_before_a_bulk_one_that_came_first(place: Place, runs: Runs) -> None:
    one_thread_is_free = threading.Event()

    def run(slug: str, job_id: UUID) -> None:
        runs.begun.append(slug)
        if slug == "ends-first":
            assert one_thread_is_free.wait(DEADLINE_SECONDS)
        elif slug == "ends-last":
            assert runs.gate.wait(DEADLINE_SECONDS)

    runs.gate.clear()
    producer, worker = place.open(), place.open()
    worker.start(run, threads=2)
    send(producer, "ends-first")
    send(producer, "ends-last", Priority.BULK)
    runs.wait_for_begun(2)
    send(producer, "bulk", Priority.BULK)
    wait_for_in_hand(worker, 1)
    send(producer, "interactive")
    wait_for_in_hand(worker, 2)

    one_thread_is_free.set()

    runs.wait_for_begun(4)
    assert runs.begun[2:] == ["interactive", "bulk"]


def test_messages_wait_until_a_worker_takes_them(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker = place.open(), place.open()
    for number in range(3):
        send(producer, f"film-{number}")
    assert producer.waiting() == 3

    worker.start(runs, threads=1)

    runs.wait_for_begun(1)
    assert producer.waiting() == 2, "the one in progress waits no more"
    send(producer, "bulk", Priority.BULK)
    wait_for_in_hand(worker, 1)
    runs.gate.set()
    runs.wait_for_ended(4)
    assert producer.waiting() == 0


@pytest.mark.parametrize("trouble", ["broken", "store-away"])
def test_a_run_that_raises_does_not_stop_the_worker(place: Place, runs: Runs, trouble: str) -> None:
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=1)

    for slug in (f"{trouble}-1", f"{trouble}-2", "heat-1995"):
        send(producer, slug)

    runs.wait_for_ended(1)
    assert runs.begun == [f"{trouble}-1", f"{trouble}-2", "heat-1995"], "and is not tried again by the queue"


def test_a_store_that_is_away_is_no_fault_of_the_run(
    place: Place, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    worker = place.open()
    worker.start(runs, threads=1)

    for slug in ("store-away", "heat-1995"):
        send(worker, slug)

    runs.wait_for_ended(1)
    assert "unhandled exception" not in caplog.text


def test_an_attempt_that_is_sent_twice_arrives_twice(place: Place, runs: Runs) -> None:
    producer, worker = place.open(), place.open()
    runs.gate.clear()
    worker.start(runs, threads=2)
    job_id = uuid4()

    for _ in range(2):
        producer.enqueue(slug="heat-1995", job_id=job_id, attempt=1, priority=Priority.INTERACTIVE)

    runs.wait_for_begun(2)
    assert runs.job_ids == [job_id, job_id], "also while the first is in progress"


def test_stop_lets_running_attempts_finish_and_begins_no_others(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=1)
    send(producer, "running")
    runs.wait_for_begun(1)
    send(producer, "waiting")

    _stop_while_running(worker, runs)

    assert (runs.begun, runs.ended) == (["running"], ["running"])


@only_shared
def test_what_a_stopped_worker_has_not_begun_goes_to_another(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=1)
    send(producer, "running")
    runs.wait_for_begun(1)
    send(producer, "fetched", Priority.BULK)
    wait_for_in_hand(worker, 1)
    send(producer, "waiting")

    _stop_while_running(worker, runs)
    others = Runs()
    place.open().start(others, threads=1)

    others.wait_for_ended(2)
    assert (runs.begun, sorted(others.begun)) == (["running"], ["fetched", "waiting"])


def test_stop_gives_up_attempts_that_take_too_long(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    worker = place.open()
    worker.start(runs, threads=1)
    send(worker, "endless")
    runs.wait_for_begun(1)
    before = time.monotonic()

    worker.stop(timeout_seconds=0.5)

    assert time.monotonic() - before < DEADLINE_SECONDS / 2
    assert runs.ended == []


@only_shared
def test_what_a_killed_worker_had_in_hand_goes_to_another_and_holds_up_nothing(
    place: Place, kind: str, runs: Runs, tmp_path: Path
) -> None:
    producer = place.open()
    send(producer, "in-the-dead-worker")
    _begin_and_kill(kind, place.url, tmp_path / "begun")
    send(producer, "heat-1995")

    place.open(worker_dead_seconds=1).start(runs, threads=1)

    runs.wait_for_ended(2)
    assert sorted(runs.ended) == ["heat-1995", "in-the-dead-worker"]


@only_shared
def test_messages_whose_delivery_the_worker_never_saw_are_delivered_again(place: Place, runs: Runs) -> None:
    worker = place.open()
    send(worker, "lost-on-the-way")
    next(worker._broker.consume(Priority.INTERACTIVE))  # and then the connection is lost with the answer
    worker._broker.in_hand.clear()  # type: ignore[attr-defined]
    assert worker.waiting() == 0

    worker.start(runs, threads=1)

    runs.wait_for_ended(1)
    assert runs.ended == ["lost-on-the-way"]


@only_shared
def test_what_a_closed_consumer_had_not_given_to_the_worker_waits_again(place: Place) -> None:
    queue = place.open()
    for number in range(3):
        send(queue, f"film-{number}")
    consumer = queue._broker.consume(Priority.INTERACTIVE, prefetch=3)
    assert next(consumer) is not None
    assert queue.waiting() == 0

    consumer.close()

    assert queue.waiting() == 2


@only_shared
@pytest.mark.usefixtures("hurried")
def test_a_queue_that_was_away_is_used_again_by_those_who_have_it_open(
    place: Place, runs: Runs, caplog: pytest.LogCaptureFixture
) -> None:
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=2)
    send(producer, "before")
    runs.wait_for_ended(1)
    runs.gate.clear()
    send(producer, "all-the-while")
    runs.wait_for_begun(2)

    place.server.stop()

    for ask in (producer.waiting, lambda: send(producer, "refused")):
        with pytest.raises(QueueUnavailable):
            ask()
    wait_until(
        lambda: "encountered a connection error" in caplog.text, "the worker notices", DEADLINE_SECONDS
    )
    place.server.start()
    wait_until(lambda: _is_sent(producer, "after"), "the producer is back", DEADLINE_SECONDS)
    runs.wait_for_begun(3)
    runs.gate.set()
    runs.wait_for_ended(3)
    assert runs.begun == ["before", "all-the-while", "after"], "nothing in hand was delivered again"
    wait_until(lambda: place.in_progress() == 0, "all are acked", DEADLINE_SECONDS)


def _place(kind: str, request: pytest.FixtureRequest) -> Place:
    if kind == "redis":
        return RedisPlace(request.getfixturevalue("redis_server"))
    if kind == "database":
        return DatabasePlace(request.getfixturevalue("postgres_server"))
    return EmbeddedPlace()


def _stop_while_running(worker: DramatiqQueue, runs: Runs) -> None:
    """Open the gate only when the worker has been told to stop."""
    threads = worker._worker.workers  # type: ignore[union-attr]
    stopper = threading.Thread(target=worker.stop, kwargs={"timeout_seconds": DEADLINE_SECONDS})
    stopper.start()
    wait_until(lambda: not any(thread.running for thread in threads), "it is told to stop", DEADLINE_SECONDS)
    runs.gate.set()
    stopper.join(DEADLINE_SECONDS)


def _begin_and_kill(kind: str, url: str, begun: Path) -> None:
    """Kill a worker in the middle of the one message there is."""
    command = [sys.executable, "-m", "tests.conformance.queue_worker", kind, url, str(begun)]
    with subprocess.Popen(command, cwd=ROOT) as worker:
        try:
            wait_until(begun.exists, "the worker has begun", DEADLINE_SECONDS)
        finally:
            worker.kill()


def _is_sent(queue: DramatiqQueue, slug: str) -> bool:
    try:
        send(queue, slug)
    except QueueUnavailable:
        return False
    return True
