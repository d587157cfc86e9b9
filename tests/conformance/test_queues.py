"""One suite for all queues: whatever carries the messages, they wake workers in the same way."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from dramatiq import MessageProxy
from structlog.testing import capture_logs

from application.errors import QueueUnavailable
from domain.values import Priority
from infrastructure.queues.careful_consumer import CarefulConsumer
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
    wait_for_waiting,
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
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often workers have asked their queues for more."""
    looks: Counter[str] = Counter()
    look = CarefulConsumer.__next__

    def counted(consumer: CarefulConsumer) -> MessageProxy | None:
        looks[consumer.queue_name] += 1
        return look(consumer)

    monkeypatch.setattr(CarefulConsumer, "__next__", counted)
    return looks


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
    wait_for_waiting(worker, 1)
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
    wait_for_waiting(worker, 1)
    send(producer, "interactive")
    wait_for_waiting(worker, 2)

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
    assert producer.waiting() == 3
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


@only_shared
@pytest.mark.parametrize("trouble", ["broken", "store-away"])
def test_a_run_that_raises_leaves_nothing_in_the_queue(place: Place, runs: Runs, trouble: str) -> None:
    """It is sent again each minute: what was kept for a week, as dead letters are, would fill a Redis."""
    worker = place.open()
    worker.start(runs, threads=1)

    for slug in (f"{trouble}-1", "heat-1995"):
        send(worker, slug)

    runs.wait_for_ended(1)
    wait_until(lambda: place.in_progress() == 0, "the worker is done with both", DEADLINE_SECONDS)
    assert _dead_letters(place) == []


def test_a_run_that_raises_is_logged_with_the_film_and_the_place(place: Place, runs: Runs) -> None:
    worker = place.open()
    worker.start(runs, threads=1)

    with capture_logs() as logged:
        job_ids = [send(worker, slug) for slug in ("broken-1", "heat-1995")]
        runs.wait_for_ended(1)

    (broke,) = [line for line in logged if line["event"] == "generation.broke"]
    assert (broke["slug"], broke["job_id"]) == ("broken-1", str(job_ids[0]))
    assert (broke["log_level"], broke["exc_info"]) == ("error", True)


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
@pytest.mark.parametrize("priority", Priority)
def test_a_worker_leaves_to_others_what_it_has_no_thread_for(
    place: Place, runs: Runs, looks: Counter[str], priority: Priority
) -> None:
    runs.gate.clear()
    producer, busy, others = place.open(), place.open(), Runs()
    busy.start(runs, threads=1)
    send(producer, "takes-long", Priority.BULK)
    runs.wait_for_begun(1)
    films = [f"film-{number}" for number in range(4)]
    for film in films:
        send(producer, film, priority)
    _wait_for_a_look_at_each(looks)

    place.open().start(others, threads=1)

    others.wait_for_ended(4)
    assert (runs.begun, sorted(others.begun)) == (["takes-long"], films)


@only_shared
def test_bulk_messages_wait_while_interactive_ones_do(place: Place, runs: Runs) -> None:
    for number in range(20):
        send(place.open(), f"bulk-{number}", Priority.BULK)
        send(place.open(), f"interactive-{number}")

    place.open().start(runs, threads=1)

    runs.wait_for_ended(40)
    assert [slug.split("-")[0] for slug in runs.begun] == ["interactive"] * 20 + ["bulk"] * 20


@only_shared
def test_what_a_stopped_worker_has_not_begun_goes_to_another(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker = place.open(), place.open()
    worker.start(runs, threads=1)
    send(producer, "running")
    runs.wait_for_begun(1)
    send(producer, "bulk", Priority.BULK)
    send(producer, "waiting")

    _stop_while_running(worker, runs)
    others = Runs()
    place.open().start(others, threads=1)

    others.wait_for_ended(2)
    assert (runs.begun, sorted(others.begun)) == (["running"], ["bulk", "waiting"])


@only_shared
def test_what_is_sent_while_a_worker_stops_is_begun_by_another_at_once(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, stopping = place.open(), place.open()
    stopping.start(runs, threads=2)
    send(producer, "running")
    runs.wait_for_begun(1)
    ending = threading.Thread(target=stopping.stop, kwargs={"timeout_seconds": DEADLINE_SECONDS})
    ending.start()
    others = Runs()
    place.open().start(others, threads=1)

    for slug in ("first", "second", "third"):
        send(producer, slug)

    others.wait_for_ended(3)
    runs.gate.set()
    ending.join()
    assert (runs.ended, sorted(others.begun)) == (["running"], ["first", "second", "third"])


def test_stop_waits_for_every_attempt_however_many_end_before_it(place: Place, runs: Runs) -> None:
    """They end one by one, and all of them in half the time that they are given."""
    gates = {str(n): threading.Event() for n in range(4)}
    worker, told, finished = place.open(), [], []

    def run(slug: str, _job_id: UUID) -> None:
        told.append(slug)
        assert gates[slug].wait(DEADLINE_SECONDS)
        finished.append(slug)

    worker.start(run, threads=len(gates))
    for slug in gates:
        send(worker, slug)
    wait_until(lambda: len(told) == len(gates), "all have begun", DEADLINE_SECONDS)
    timers = [threading.Timer(1.2 + 0.3 * n, gate.set) for n, gate in enumerate(gates.values())]
    for timer in timers:
        timer.start()

    worker.stop(timeout_seconds=4)

    assert sorted(finished) == sorted(gates)


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
    in_hand = worker._broker.in_hand  # type: ignore[attr-defined]
    in_hand.remove(in_hand.ids())
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
def test_a_worker_that_lost_its_queue_for_a_while_takes_no_more_than_before(
    place: Place, runs: Runs, looks: Counter[str], caplog: pytest.LogCaptureFixture
) -> None:
    runs.gate.clear()
    producer, busy, others = place.open(), place.open(), Runs()
    busy.start(runs, threads=1)
    send(producer, "takes-long")
    runs.wait_for_begun(1)

    place.server.stop()
    wait_until(
        lambda: caplog.text.count("encountered a connection error") >= len(Priority),
        "the worker notices",
        DEADLINE_SECONDS,
    )
    place.server.start()
    wait_until(lambda: _is_sent(producer, "heat-1995"), "the producer is back", DEADLINE_SECONDS)
    _wait_for_a_look_at_each(looks)
    place.open().start(others, threads=1)

    others.wait_for_ended(1)
    assert (runs.begun, others.begun) == (["takes-long"], ["heat-1995"])


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


@only_shared
def test_a_worker_that_stops_while_its_queue_is_away_does_not_wait_for_it(place: Place, runs: Runs) -> None:
    runs.gate.clear()
    producer, worker, others = place.open(), place.open(), Runs()
    worker.start(runs, threads=1)
    send(producer, "running")
    runs.wait_for_begun(1)
    place.server.stop()
    before = time.monotonic()

    _stop_while_running(worker, runs)

    took = time.monotonic() - before
    place.server.start()
    assert runs.ended == ["running"]
    assert took < DEADLINE_SECONDS / 2
    place.open(worker_dead_seconds=1).start(others, threads=1)
    others.wait_for_begun(1)
    assert others.begun == ["running"], "the claim decides whether there is still something to do"


def _place(kind: str, request: pytest.FixtureRequest) -> Place:
    if kind == "redis":
        return RedisPlace(request.getfixturevalue("redis_server"))
    if kind == "database":
        return DatabasePlace(request.getfixturevalue("postgres_server"))
    return EmbeddedPlace()


def _dead_letters(place: Place) -> list[Any]:
    """What the server keeps of messages that were rejected."""
    if isinstance(place, RedisPlace):
        with closing(place.server.client()) as client:
            return list(client.keys("*.XQ*"))
    with psycopg.connect(place.url) as connection:
        return connection.execute("SELECT * FROM dramatiq.queue WHERE state = 'rejected'").fetchall()


def _wait_for_a_look_at_each(looks: Counter[str]) -> None:
    """Begun and ended after this was called."""
    looks.clear()
    wait_until(lambda: all(looks[name] >= 3 for name in Priority), "the worker looks again", DEADLINE_SECONDS)


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
