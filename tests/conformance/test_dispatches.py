"""The dispatcher's memory on every store: which jobs are due, and which only wait to be started."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from application.dispatching import DueJob
from domain.values import Actor, Failure, FailureType, Priority
from tests.support.core import CLIENT, Core
from tests.support.stores import Views

EPOCH = "epoch-1"
BACKOFF = [timedelta(seconds=10), timedelta(seconds=60)]
MANY = 100


class _Jobs:
    """Jobs that are made and moved by hand, and the dispatcher's memory of them."""

    def __init__(self, core: Core, views: Views) -> None:
        self.clock = core.clock
        self.dispatches = views.dispatches
        self._core = core
        self._views = views

    def request(self, slug: str, *, priority: Priority = Priority.INTERACTIVE, by: Actor = CLIENT) -> UUID:
        job_id = self._core.job(slug, priority=priority, by=by).job_id
        self._fold()
        return job_id

    def start(self, slug: str, job_id: UUID) -> int:
        attempt = self._core.start(job_id, slug=slug)
        self._fold()
        assert attempt is not None
        return attempt

    def fail(self, slug: str, job_id: UUID, attempt: int) -> None:
        failure = Failure(FailureType.TIMEOUT, "No answer.")
        self._core.generations.decide(
            slug, lambda movie: movie.fail(job_id, attempt, failure, (), backoff=BACKOFF), by=CLIENT
        )
        self._fold()

    def cancel(self, slug: str, job_id: UUID) -> None:
        self._core.cancel(job_id, slug=slug)
        self._fold()

    def due(
        self,
        priority: Priority = Priority.INTERACTIVE,
        *,
        epoch: str = EPOCH,
        sent_before: datetime | None = None,
        limit: int = MANY,
    ) -> list[DueJob]:
        """By default nothing that was ever sent is sent again."""
        before = sent_before or self.clock() - timedelta(days=1)
        return list(
            self.dispatches.due(priority, now=self.clock(), epoch=epoch, sent_before=before, limit=limit)
        )

    def due_slugs(self, priority: Priority = Priority.INTERACTIVE, *, limit: int = MANY) -> list[str]:
        return [job.slug for job in self.due(priority, limit=limit)]

    def send(self, *, epoch: str = EPOCH) -> None:
        """Record everything that is due as sent now."""
        for priority in Priority:
            self.dispatches.record(self.due(priority, epoch=epoch), epoch=epoch, at=self.clock())

    def remembered(self) -> int:
        return len(self._views.rows()["dispatches"])

    def _fold(self) -> None:
        self._views.follow(self._core.log)


@pytest.fixture
def jobs(core: Core, views: Views) -> _Jobs:
    return _Jobs(core, views)


def test_a_requested_job_is_due_for_its_first_attempt(jobs: _Jobs) -> None:
    job_id = jobs.request("heat-1995")

    assert jobs.due() == [DueJob(job_id, "heat-1995", 1)]


def test_what_was_sent_is_not_due_again_and_waits_to_be_started(jobs: _Jobs) -> None:
    jobs.request("heat-1995")
    jobs.send()

    assert jobs.due() == []


def test_a_message_that_nobody_took_is_due_again_once_it_is_old(jobs: _Jobs) -> None:
    job_id = jobs.request("heat-1995")
    jobs.send()
    sent_at = jobs.clock()

    assert jobs.due(sent_before=sent_at) == []
    assert jobs.due(sent_before=sent_at + timedelta(microseconds=1)) == [DueJob(job_id, "heat-1995", 1)]


def test_in_a_new_epoch_everything_is_due_again_and_nothing_waits(jobs: _Jobs) -> None:
    job_id = jobs.request("heat-1995")
    jobs.send()

    assert jobs.due(epoch="epoch-2") == [DueJob(job_id, "heat-1995", 1)]

    jobs.send(epoch="epoch-2")
    assert jobs.due(epoch="epoch-2") == []


def test_a_started_job_is_not_due(jobs: _Jobs) -> None:
    job_id = jobs.request("heat-1995")
    jobs.send()

    jobs.start("heat-1995", job_id)

    assert jobs.due() == []


def test_a_failed_try_is_due_for_the_next_attempt_when_its_time_has_come(jobs: _Jobs) -> None:
    job_id = jobs.request("heat-1995")
    jobs.send()
    jobs.fail("heat-1995", job_id, jobs.start("heat-1995", job_id))

    jobs.clock.advance(seconds=9.999)
    assert jobs.due() == [], "it is not time yet"
    jobs.clock.advance(seconds=0.001)

    assert jobs.due() == [DueJob(job_id, "heat-1995", 2)]
    jobs.send()
    assert jobs.due() == []


def test_a_cancelled_job_is_not_due(jobs: _Jobs) -> None:
    unsent, sent = jobs.request("heat-1995"), jobs.request("alien-1979")
    jobs.send()

    jobs.cancel("heat-1995", unsent)
    jobs.cancel("alien-1979", sent)

    assert jobs.due(epoch="epoch-2") == []


def test_each_priority_has_its_own_due_jobs(jobs: _Jobs) -> None:
    jobs.request("heat-1995", priority=Priority.BULK)
    jobs.request("alien-1979")

    assert jobs.due_slugs(Priority.INTERACTIVE) == ["alien-1979"]
    assert jobs.due_slugs(Priority.BULK) == ["heat-1995"]

    jobs.dispatches.record(jobs.due(Priority.BULK), epoch=EPOCH, at=jobs.clock())


def test_the_oldest_request_comes_first_and_no_more_than_asked_for(jobs: _Jobs) -> None:
    slugs = [f"{title}-1990" for title in ("zardoz", "alien", "metropolis", "brazil")]
    for slug in slugs:
        jobs.request(slug)

    assert jobs.due_slugs() == slugs
    assert jobs.due_slugs(limit=2) == slugs[:2]


def test_an_older_request_that_failed_comes_before_a_newer_one(jobs: _Jobs) -> None:
    old = jobs.request("zardoz-1974")
    jobs.fail("zardoz-1974", old, jobs.start("zardoz-1974", old))
    jobs.request("alien-1979")

    jobs.clock.advance(seconds=10)

    assert jobs.due_slugs() == ["zardoz-1974", "alien-1979"]


def test_the_memory_of_started_jobs_is_swept_away_as_new_ones_come(jobs: _Jobs) -> None:
    for number in range(5):
        slug = f"film-number-{number}-1999"
        job_id = jobs.request(slug)
        jobs.send()
        jobs.start(slug, job_id)
    jobs.request("heat-1995")
    jobs.request("alien-1979")

    jobs.send()

    assert jobs.remembered() == 2


def test_jobs_of_requesters_that_are_left_out_are_not_due(jobs: _Jobs) -> None:
    jobs.request("heat-1995", by=Actor("anna", correlation_id="1"))
    jobs.request("alien-1979", by=Actor("bert", correlation_id="2"))

    def due(*not_for: str) -> list[str]:
        now = jobs.clock()
        found = jobs.dispatches.due(
            Priority.INTERACTIVE, now=now, epoch=EPOCH, sent_before=now, limit=MANY, not_for=not_for
        )
        return [job.slug for job in found]

    assert due("anna", "carl") == ["alien-1979"]
    assert due("anna", "bert") == []
    assert due() == ["heat-1995", "alien-1979"]


def test_messages_of_jobs_that_were_not_started_are_counted(jobs: _Jobs) -> None:
    before = jobs.clock()
    started = jobs.request("heat-1995")
    jobs.request("alien-1979")
    jobs.send()
    jobs.clock.advance(seconds=1)
    assert jobs.dispatches.sent_since(before) == 2

    jobs.start("heat-1995", started)

    assert jobs.dispatches.sent_since(before) == 1
    assert jobs.dispatches.sent_since(jobs.clock()) == 0


def test_a_job_whose_message_came_in_vain_is_due_again(jobs: _Jobs) -> None:
    forgotten = jobs.request("heat-1995")
    jobs.request("alien-1979")
    jobs.send()

    jobs.dispatches.forget(forgotten)
    jobs.dispatches.forget(forgotten)

    assert jobs.due_slugs() == ["heat-1995"]
