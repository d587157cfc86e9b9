"""Retrying failed jobs and cancelling unwanted ones (rules 8 and 9)."""

from uuid import UUID, uuid4

import pytest

from domain import events
from domain.errors import AnotherJobActive, JobHasNotFailed, JobIsFinal, JobNotFound, NotTheRequester
from domain.values import Actor, JobStatus, RejectionReason
from tests.support.film import Film

ADMIN = Actor("admin", correlation_id="request-2", is_admin=True)
STRANGER = Actor("stranger", correlation_id="request-3")


class TestRetry:
    def test_a_failed_job_gets_three_new_tries_and_its_attempts_go_on_counting(self) -> None:
        film = Film()
        job_id = film.lost_for_good()

        film.by().retry(job_id, reason="the model is back")

        assert isinstance(film.last(), events.GenerationRetryRequested)
        assert film.last().reason == "the model is back"
        for attempt in (4, 5, 6):
            assert film.start(job_id) == attempt
            film.lose(job_id, attempt)
        assert film.job(job_id).status is JobStatus.FAILED

    @pytest.mark.parametrize("status", [s for s in JobStatus if s is not JobStatus.FAILED])
    def test_only_a_failed_job_can_be_retried(self, status: JobStatus) -> None:
        film = Film()
        job_id = _job_that_is(film, status)

        with pytest.raises(JobHasNotFailed, match=status):
            film.by().retry(job_id, reason="again")

    def test_a_retry_is_refused_while_another_job_of_the_variant_is_active_and_names_it(self) -> None:
        film = Film()
        failed = film.failed()
        active = film.ask().job_id

        with pytest.raises(AnotherJobActive) as refusal:
            film.by().retry(failed, reason="again")
        assert refusal.value.active_job_id == active

    def test_a_retry_of_what_is_described_meanwhile_is_satisfied(self) -> None:
        film = Film()
        failed = film.failed()
        made = film.described()

        job = film.by().retry(failed, reason="again")

        assert isinstance(film.last(), events.GenerationSatisfied)
        assert (job.status, job.description_id) == (JobStatus.DONE, made)

    def test_an_unknown_job_cannot_be_retried(self) -> None:
        with pytest.raises(JobNotFound):
            Film().by().retry(uuid4(), reason="again")


class TestCancel:
    def test_the_requester_may_cancel_and_a_late_text_is_refused(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.by().cancel(job_id, reason="not wanted")

        assert film.job(job_id).status is JobStatus.CANCELLED
        assert film.complete(job_id, 1) is None
        assert film.last().reason == RejectionReason.CANCELLED

    def test_a_worker_that_was_given_up_may_not_deliver_to_a_cancelled_job(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.lose(job_id, 1)
        film.by().cancel(job_id, reason="not wanted")

        assert film.complete(job_id, 1) is None
        assert film.last().reason == RejectionReason.CANCELLED

    def test_an_admin_may_cancel_anything(self) -> None:
        film = Film()
        job_id = film.ask().job_id

        film.by(ADMIN).cancel(job_id, reason="too dear")

        assert film.last().actor == "admin"

    def test_nobody_else_may(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.ask(by=STRANGER)

        with pytest.raises(NotTheRequester):
            film.by(STRANGER).cancel(job_id, reason="mine")
        assert film.job(job_id).status is JobStatus.PENDING

    @pytest.mark.parametrize("status", [JobStatus.DONE, JobStatus.FAILED, JobStatus.CANCELLED])
    def test_a_final_job_cannot_be_cancelled(self, status: JobStatus) -> None:
        film = Film()
        job_id = _job_that_is(film, status)

        with pytest.raises(JobIsFinal, match=status):
            film.by().cancel(job_id, reason="not wanted")


def _job_that_is(film: Film, status: JobStatus) -> UUID:
    if status is JobStatus.FAILED:
        return film.failed()
    job_id = film.ask().job_id
    if status is not JobStatus.PENDING and status is not JobStatus.CANCELLED:
        film.start(job_id)
    if status is JobStatus.DONE:
        film.complete(job_id, 1)
    if status is JobStatus.CANCELLED:
        film.by().cancel(job_id, reason="not wanted")
    assert film.job(job_id).status is status
    return job_id
