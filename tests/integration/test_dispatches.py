"""The dispatcher's memory on the real view store: which jobs are due, and which only wait to be started."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from application.commands.request_generation import RequestGeneration, request_generation
from application.dispatching import DueJob
from domain.values import Failure, FailureType, Priority
from infrastructure.settings import load_settings
from infrastructure.sqlite.dispatches import SqliteDispatches
from infrastructure.sqlite.view_store import ViewStore
from interfaces.bootstrap import build
from interfaces.service import MovieMind
from tests.support.core import CLAIM_LIMIT, CLIENT, Clock

EPOCH = "epoch-1"
BACKOFF = [timedelta(seconds=10), timedelta(seconds=60)]
MANY = 100


class _Jobs:
    """A service whose jobs are made and moved by hand, and the dispatcher's memory of them."""

    def __init__(self, directory: Path) -> None:
        settings = load_settings(data_dir=directory, store_url="")
        self.clock = Clock()
        self._service: MovieMind = build(settings)[0]
        self._service.generations.clock = self.clock
        self._views = ViewStore(settings.view_store_path)
        self.dispatches = SqliteDispatches(self._views)

    def request(self, slug: str, *, priority: Priority = Priority.INTERACTIVE) -> UUID:
        command = RequestGeneration(slug=slug, by=CLIENT, priority=priority)
        (requested,) = request_generation(command, generations=self._service.generations).requested
        self._fold()
        return requested.job_id

    def start(self, slug: str, job_id: UUID) -> int:
        attempt = self._service.generations.decide(
            slug, lambda movie: movie.start(job_id, worker_id="worker", limit=CLAIM_LIMIT), by=CLIENT
        )
        self._fold()
        assert attempt is not None
        return attempt

    def fail(self, slug: str, job_id: UUID, attempt: int) -> None:
        failure = Failure(FailureType.TIMEOUT, "No answer.")
        self._service.generations.decide(
            slug, lambda movie: movie.fail(job_id, attempt, failure, (), backoff=BACKOFF), by=CLIENT
        )
        self._fold()

    def cancel(self, slug: str, job_id: UUID) -> None:
        self._service.generations.decide(slug, lambda movie: movie.cancel(job_id, reason="no"), by=CLIENT)
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
        with self._views.reading() as cursor:
            cursor.execute("SELECT count(*) FROM dispatches")
            count: int = cursor.fetchone()[0]
            return count

    def close(self) -> None:
        self._views.close()
        self._service.close()

    def _fold(self) -> None:
        while self._service.projector.step():
            pass


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[_Jobs]:
    jobs = _Jobs(tmp_path)
    yield jobs
    jobs.close()


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
