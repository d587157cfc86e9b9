"""The dispatcher keeps the queue shallow, interactive before bulk, and remembers what it has sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from application.dispatching import ON_THE_WAY, WAITING_PER_THREAD, Dispatcher, Dispatches, DueJob
from application.gate_status import Opening
from domain.values import Priority
from tests.support.core import MemorySwitch

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RESEND_AFTER = timedelta(seconds=60)


class _Queue:
    """Notes what is put in; `is_broken` says it cannot take anything."""

    def __init__(self) -> None:
        self.current_epoch = "epoch-1"
        self.sent: list[tuple[str, int, Priority]] = []
        self.gone = 0
        self.is_broken = False

    def epoch(self) -> str:
        return self.current_epoch

    def waiting(self) -> int:
        return len(self.sent) - self.gone

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        if self.is_broken:
            raise ConnectionError("the queue is away")
        self.sent.append((slug, attempt, priority))

    def lose_all(self) -> None:
        self.gone = len(self.sent)

    def slugs(self) -> list[str]:
        return [slug for slug, _, _ in self.sent]


@dataclass(frozen=True)
class _Sent:
    attempt: int
    epoch: str
    at: datetime


class _Dispatches(Dispatches):
    """Jobs that wait, and what was sent of them, in memory."""

    def __init__(self) -> None:
        self.pending: dict[Priority, list[DueJob]] = {priority: [] for priority in Priority}
        self._sent: dict[UUID, _Sent] = {}

    def add(self, *slugs: str, priority: Priority = Priority.INTERACTIVE) -> None:
        self.pending[priority] += [DueJob(uuid4(), slug, 1) for slug in slugs]

    def start(self, slug: str) -> None:
        for jobs in self.pending.values():
            jobs[:] = [job for job in jobs if job.slug != slug]

    def due(
        self,
        priority: Priority,
        *,
        now: datetime,
        epoch: str,
        sent_before: datetime,
        limit: int,
        not_for: Collection[str] = (),
    ) -> Sequence[DueJob]:
        assert now == sent_before + RESEND_AFTER
        unsent = [
            job
            for job in self.pending[priority]
            if not self._was_sent(job, epoch, sent_before) and job.slug not in not_for
        ]
        return unsent[:limit]

    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None:
        self._sent |= {job.job_id: _Sent(job.attempt, epoch, at) for job in due}

    def sent_since(self, moment: datetime) -> int:
        waiting = {job.job_id for jobs in self.pending.values() for job in jobs}
        return sum(sent.at >= moment for job_id, sent in self._sent.items() if job_id in waiting)

    def forget(self, job_id: UUID) -> None:
        del self._sent[job_id]

    def _was_sent(self, job: DueJob, epoch: str, since: datetime) -> bool:
        sent = self._sent.get(job.job_id)
        return sent is not None and (sent.attempt, sent.epoch) == (job.attempt, epoch) and sent.at >= since


class _World:
    def __init__(self) -> None:
        self.now = NOW
        self.threads = 1
        self.queue = _Queue()
        self.dispatches = _Dispatches()
        self.switch = MemorySwitch()
        self.opening = Opening()
        self.dispatcher = Dispatcher(
            self.dispatches,
            self.queue,
            self.switch,
            clock=lambda: self.now,
            opening=lambda: self.opening,
            threads=lambda: self.threads,
            resend_after=RESEND_AFTER,
        )

    def step(self) -> bool:
        return self.dispatcher.step()


@pytest.fixture
def world() -> _World:
    return _World()


def test_what_is_due_is_sent_once_with_the_number_of_its_next_attempt(world: _World) -> None:
    world.dispatches.pending[Priority.INTERACTIVE] = [DueJob(uuid4(), "heat-1995", 2)]

    assert world.step() is True
    assert world.step() is False

    assert world.queue.sent == [("heat-1995", 2, Priority.INTERACTIVE)]


def test_with_nothing_due_nothing_is_sent(world: _World) -> None:
    assert world.step() is False
    assert world.queue.sent == []


def test_interactive_requests_are_sent_before_bulk_ones(world: _World) -> None:
    world.dispatches.add("bulk", priority=Priority.BULK)
    world.dispatches.add("interactive")

    world.step()

    assert world.queue.sent == [("interactive", 1, Priority.INTERACTIVE), ("bulk", 1, Priority.BULK)]


def test_a_step_that_sent_only_bulk_jobs_has_sent_something(world: _World) -> None:
    world.dispatches.add("bulk", priority=Priority.BULK)

    assert world.step() is True


def test_no_more_is_sent_than_the_queue_has_room_for(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d", "e")

    assert (world.step(), world.step()) == (True, False)

    assert world.queue.slugs() == ["a", "b", "c", "d"]


def test_messages_that_workers_took_make_room_for_as_many_others(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d", "e", "f")
    world.step()
    world.dispatches.start("a")
    world.queue.gone = 1

    world.step()

    assert world.queue.slugs() == ["a", "b", "c", "d", "e"]


def test_bulk_requests_leave_half_of_the_room_to_interactive_ones(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d", priority=Priority.BULK)
    world.step()
    world.dispatches.add("urgent")

    assert world.step() is True

    assert world.queue.slugs() == ["a", "b", "urgent"]


def test_messages_that_wait_for_slow_workers_are_not_sent_over_and_over(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d", "e")
    world.step()

    for _ in range(10):
        world.now += 2 * RESEND_AFTER
        world.step()

    assert world.queue.slugs() == ["a", "b", "c", "d"], "they are all still in the queue"


def test_a_message_nobody_took_is_sent_again_after_a_while(world: _World) -> None:
    world.dispatches.add("a")
    world.step()
    world.now += RESEND_AFTER
    assert world.step() is False, "not a moment too early"

    world.now += timedelta(microseconds=1)

    assert world.step() is True
    assert world.queue.slugs() == ["a", "a"]


def test_messages_that_were_lost_unnoticed_are_sent_again_after_a_while(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d")
    world.step()
    world.queue.lose_all()
    assert world.step() is False, "workers may have them in hand"

    world.now += RESEND_AFTER + timedelta(microseconds=1)

    assert world.step() is True
    assert world.queue.slugs() == ["a", "b", "c", "d"] * 2


def test_a_queue_that_says_it_lost_its_messages_gets_them_again_at_once(world: _World) -> None:
    world.dispatches.add("a", "b", "c", "d")
    world.step()
    world.queue.lose_all()
    world.queue.current_epoch = "epoch-2"

    assert world.step() is True

    assert world.queue.slugs() == ["a", "b", "c", "d"] * 2


def test_what_the_queue_did_not_take_is_not_remembered_as_sent(world: _World) -> None:
    world.dispatches.add("a")
    world.queue.is_broken = True
    with pytest.raises(ConnectionError):
        world.step()
    world.queue.is_broken = False

    world.step()

    assert world.queue.slugs() == ["a"]


def test_the_room_grows_and_shrinks_with_the_threads_of_all_workers(world: _World) -> None:
    world.dispatches.add(*"abcdefghijkl")
    world.step()
    world.threads = 2

    world.step()

    assert len(world.queue.sent) == 2 * WAITING_PER_THREAD


def test_a_paused_queue_gets_nothing(world: _World) -> None:
    world.dispatches.add("a")
    world.switch.pause(by="operator", at=NOW, reason="the provider is down")

    assert world.step() is False
    assert world.queue.sent == []


def test_a_queue_that_is_resumed_gets_everything_due_again(world: _World) -> None:
    """Workers drop what comes to them during a pause."""
    world.dispatches.add("a", "b")
    world.step()
    world.switch.pause(by="operator", at=NOW, reason="the provider is down")
    world.queue.lose_all()
    world.switch.resume(by="operator", at=NOW)

    assert world.step() is True

    assert world.queue.slugs() == ["a", "b", "a", "b"]


class TestGate:
    """What no worker could claim is not sent."""

    def test_before_a_gate_that_is_shut_everything_waits(self, world: _World) -> None:
        world.dispatches.add("a")
        world.opening = Opening(room=0)
        assert world.step() is False

        world.opening = Opening()

        assert world.step() is True

    def test_no_more_is_sent_than_can_be_admitted(self, world: _World) -> None:
        world.dispatches.add("a", "b", "c")
        world.dispatches.add("d", priority=Priority.BULK)
        world.opening = Opening(room=2)

        world.step()
        world.step()

        assert world.queue.slugs() == ["a", "b"]

    def test_a_message_that_a_worker_holds_counts_until_its_job_is_started(self, world: _World) -> None:
        world.dispatches.add("a", "b")
        world.opening = Opening(room=1)
        world.step()
        world.queue.gone = 1
        assert world.step() is False, "the worker is about to claim it"

        world.dispatches.start("a")

        assert world.step() is True
        assert world.queue.slugs() == ["a", "b"]

    def test_a_message_that_came_in_vain_does_not_stand_in_the_way_of_others(self, world: _World) -> None:
        world.dispatches.add("dear", "cheap")
        world.opening = Opening(room=1)
        world.step()
        world.queue.gone = 1

        world.now += ON_THE_WAY + timedelta(microseconds=1)
        world.step()

        assert world.queue.slugs() == ["dear", "cheap"]

    def test_a_job_whose_message_was_turned_away_is_sent_again(self, world: _World) -> None:
        world.dispatches.add("a")
        (job,) = world.dispatches.pending[Priority.INTERACTIVE]
        world.step()
        world.dispatches.forget(job.job_id)

        world.step()

        assert world.queue.slugs() == ["a", "a"]

    def test_jobs_of_requesters_that_have_nothing_left_are_skipped(self, world: _World) -> None:
        world.dispatches.add("of-anna", "of-bert")
        world.opening = Opening(shut_for=frozenset({"of-anna"}))

        world.step()

        assert world.queue.slugs() == ["of-bert"]
