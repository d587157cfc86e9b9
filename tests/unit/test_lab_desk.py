"""The lab's queue: whoever falls silent gets no strategy into trouble, and nobody out of it."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from benchmarks.locking.desk import TRIES, Desk
from benchmarks.locking.setup import Pace
from benchmarks.locking.strategy import Job

AT_ONCE = Pace.scaled(1e6)
NEVER = Pace.scaled(1e-6)
WAIT_SECONDS = 5


@pytest.fixture
def job() -> Job:
    return Job(uuid4(), "the-matrix-1999")


def _fail(desk: Desk, times: int) -> None:
    for _ in range(times):
        delivery = desk.take("worker")
        assert delivery is not None
        desk.failed("worker", delivery, "no")


def test_a_job_nobody_was_heard_of_is_delivered_again(job: Job) -> None:
    desk = Desk(AT_ONCE)
    desk.put(job)

    first, second = desk.take("frozen"), desk.take("other")

    assert first is not None
    assert second is not None
    assert (first.job, second.job) == (job, job)
    assert first.number != second.number


def test_what_a_worker_says_that_was_given_up_counts(job: Job) -> None:
    desk, one, other = Desk(AT_ONCE), uuid4(), uuid4()
    desk.put(job)
    first, second = desk.take("frozen"), desk.take("other")
    assert first is not None
    assert second is not None

    desk.answer("other", second, other)
    desk.answer("frozen", first, one)

    assert desk.wait_for_answer(job.job_id, WAIT_SECONDS) == other
    assert [answer.description_id for answer in desk.answers_about(job.slug)] == [other, one]


def test_a_job_is_lost_after_its_last_try(job: Job) -> None:
    desk = Desk(replace(NEVER, backoff=AT_ONCE.backoff))
    desk.put(job)

    _fail(desk, TRIES)

    assert desk.wait_for_answer(job.job_id, WAIT_SECONDS) is None
    assert desk.lost == {job.job_id: "no"}


def test_to_be_asked_again_costs_no_try(job: Job) -> None:
    desk = Desk(replace(NEVER, again=AT_ONCE.again, backoff=AT_ONCE.backoff))
    desk.put(job)

    for _ in range(3 * TRIES):
        delivery = desk.take("worker")
        assert delivery is not None
        desk.again("worker", delivery)
    _fail(desk, TRIES - 1)

    assert desk.take("worker") is not None


def test_an_attempt_that_was_put_before_is_not_put_again(job: Job) -> None:
    desk = Desk(NEVER)
    desk.put(job)
    desk.put(job)
    desk.put(job, 2)

    assert [desk.take(name) is not None for name in ("first", "second")] == [True, True]
    desk.close()
    assert desk.take("third") is None


def test_what_is_answered_is_delivered_to_nobody(job: Job) -> None:
    desk = Desk(AT_ONCE)
    desk.put(job)
    delivery = desk.take("worker")
    assert delivery is not None

    desk.answer("worker", delivery, UUID(int=1))
    desk.put(job, 2)
    desk.close()

    assert desk.take("other") is None


def test_who_waits_for_an_answer_waits_no_longer_when_the_desk_is_closed(job: Job) -> None:
    desk = Desk(NEVER)
    desk.put(job)
    desk.close()

    assert desk.wait_for_answer(job.job_id, WAIT_SECONDS * 1_000) is None
    assert desk.is_closed
