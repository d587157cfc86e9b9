"""Attempts: the claim, its outcomes, and how many tries there are (rules 3, 4 and 5)."""

from datetime import timedelta
from uuid import uuid4

import pytest

from domain import events
from domain.errors import AlreadyClaimed, AttemptNotStarted, JobIsFinal, JobNotFound, NotDueYet
from domain.values import (
    MAX_SPARED,
    MAX_TRIES,
    SPARED_EARLY,
    Failure,
    FailureType,
    JobStatus,
    RejectionReason,
)
from tests.support.film import BACKOFF, CALL, CLAIM_LIMIT, ENGLISH, FUNNY, Film


class TestWhatAProviderSays:
    def test_a_job_is_not_due_before_the_provider_wants_to_be_asked(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        busy = Failure(FailureType.RATE_LIMITED, "Busy.", retry_after=timedelta(minutes=7))

        film.by().fail(job_id, 1, busy, (), backoff=BACKOFF)

        assert film.job(job_id).due_at == film.now + timedelta(minutes=7)

    def test_a_provider_that_wants_less_does_not_shorten_the_wait(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        busy = Failure(FailureType.RATE_LIMITED, "Busy.", retry_after=timedelta(milliseconds=1))

        film.by().fail(job_id, 1, busy, (), backoff=BACKOFF)

        assert film.job(job_id).due_at == film.now + BACKOFF[0]

    def test_a_failure_that_no_try_can_mend_is_the_last(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        wrong_key = Failure(FailureType.AI_API_ERROR, "Not let in.", is_final=True)

        film.by().fail(job_id, 1, wrong_key, (CALL,), backoff=BACKOFF)

        assert film.job(job_id).status is JobStatus.FAILED


class TestStart:
    def test_the_claim_is_recorded_with_its_fencing_token_and_its_limit(self) -> None:
        film = Film()
        job_id = film.ask().job_id

        attempt = film.start(job_id, worker_id="w1")

        assert attempt == 1
        recorded = film.last()
        assert isinstance(recorded, events.GenerationStarted)
        assert (recorded.attempt, recorded.worker_id) == (1, "w1")
        assert recorded.claim_expires_at == film.now + CLAIM_LIMIT
        assert film.job(job_id).status is JobStatus.IN_PROGRESS

    def test_a_claimed_job_cannot_be_claimed_again(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id, worker_id="w1")

        with pytest.raises(AlreadyClaimed, match="w1"):
            film.start(job_id, worker_id="w2")

    def test_time_alone_ends_no_claim(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.advance(days=1)

        with pytest.raises(AlreadyClaimed):
            film.start(job_id)

    def test_a_final_job_cannot_be_started(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.by().cancel(job_id, reason="not wanted")

        with pytest.raises(JobIsFinal, match="CANCELLED"):
            film.start(job_id)

    def test_an_unknown_job_cannot_be_started(self) -> None:
        with pytest.raises(JobNotFound):
            Film().start(uuid4())

    def test_a_job_whose_variant_was_described_meanwhile_is_satisfied_without_an_attempt(self) -> None:
        film = Film()
        first = film.lost_for_good()
        second = film.ask().job_id
        late = film.complete(first, 3)

        assert film.start(second) is None
        assert isinstance(film.last(), events.GenerationSatisfied)
        assert film.job(second).description_id == late
        assert film.job(second).attempt == 0

    def test_a_forced_job_is_not_satisfied_with_the_text_it_wants_replaced(self) -> None:
        film = Film()
        film.described()
        forced = film.ask(force=True).job_id

        assert film.start(forced) == 1

    def test_a_forced_job_is_satisfied_with_a_text_generated_after_its_request(self) -> None:
        film = Film()
        first = film.lost_for_good()
        forced = film.ask(force=True).job_id
        late = film.complete(first, 3)

        assert film.start(forced) is None
        assert film.job(forced).description_id == late

    def test_a_persons_edit_does_not_satisfy_a_forced_job(self) -> None:
        film = Film()
        made = film.described()
        forced = film.ask(force=True).job_id
        film.by().edit(ENGLISH, "By hand.", based_on=made, description_id=uuid4(), content_hash="h")

        assert film.start(forced) == 1


class TestComplete:
    def test_the_text_is_recorded_with_all_that_proves_how_it_came_to_be(self) -> None:
        film = Film()
        job_id = film.ask(FUNNY).job_id
        film.start(job_id)
        description_id = uuid4()

        ends_with = film.complete(job_id, 1, description_id=description_id)

        assert ends_with == description_id
        made = film.last()
        assert isinstance(made, events.DescriptionGenerated)
        assert (made.job_id, made.attempt, made.description_id) == (job_id, 1, description_id)
        assert (made.revision, made.locale, made.context_tag) == (1, "en-US", "humorous")
        assert (made.text, made.origin) == ("A hacker learns what the world is.", "GENERATED")
        assert (made.ai_model, made.prompt_version) == ("fake", "1")
        assert (made.input_hash, made.content_hash) == ("in", "out")
        assert made.calls == [CALL.as_payload()]
        assert film.job(job_id).status is JobStatus.DONE

    def test_our_own_append_met_again_is_no_loss(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        description_id = film.complete(job_id, 1)
        before = len(film.events())

        assert film.complete(job_id, 1, description_id=description_id) == description_id
        assert film.since(before) == []

    def test_a_refused_result_met_again_is_recorded_once(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.by().cancel(job_id, reason="not wanted")

        film.complete(job_id, 1)
        film.complete(job_id, 1)

        assert film.names().count("StaleResultRejected") == 1

    def test_a_lost_attempt_may_still_deliver_while_nobody_else_has_started(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.lose(job_id, 1)

        assert film.complete(job_id, 1) is not None
        assert film.job(job_id).status is JobStatus.DONE

    def test_a_lost_attempt_may_deliver_even_after_its_job_failed(self) -> None:
        film = Film()
        job_id = film.lost_for_good()
        assert film.job(job_id).status is JobStatus.FAILED

        assert film.complete(job_id, 3) is not None
        assert film.job(job_id).status is JobStatus.DONE

    def test_an_earlier_attempt_is_refused_while_a_newer_one_runs(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.lose(job_id, 1)
        film.start(job_id)

        assert film.complete(job_id, 1) is None
        assert film.last().reason == RejectionReason.NEWER_ATTEMPT
        assert film.job(job_id).is_running(2), "the newer attempt goes on"

    def test_a_text_for_an_attempt_that_reported_a_failure_is_not_taken(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.fail(job_id, 1)
        before = len(film.events())

        assert film.complete(job_id, 1) is None
        assert film.since(before) == []

    def test_there_is_no_result_of_an_attempt_that_never_started(self) -> None:
        film = Film()
        job_id = film.ask().job_id

        with pytest.raises(AttemptNotStarted, match="no attempt 1"):
            film.complete(job_id, 1)
        with pytest.raises(AttemptNotStarted):
            film.fail(job_id, 1)

    def test_a_late_text_is_refused_while_another_job_of_the_variant_runs(self) -> None:
        film = Film()
        first = film.lost_for_good()
        second = film.ask().job_id
        film.start(second)

        assert film.complete(first, 3) is None
        assert film.last().reason == RejectionReason.ANOTHER_JOB_RUNNING
        assert film.complete(second, 1) is not None

    def test_a_late_text_after_another_job_made_one_is_refused_and_names_it(self) -> None:
        film = Film()
        first = film.lost_for_good()
        made = film.described()

        assert film.complete(first, 3) == made
        assert film.last().reason == RejectionReason.DESCRIPTION_EXISTS
        assert film.last().existing_description_id == made
        assert film.job(first).status is JobStatus.FAILED, "a final job stays what it is"


class TestFailure:
    def test_a_failed_try_waits_its_backoff(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.fail(job_id, 1)

        recorded = film.last()
        assert (recorded.failure_type, recorded.message) == ("AI_API_ERROR", "It did not work.")
        assert recorded.technical_message == "503 from the model"
        assert recorded.calls == [CALL.as_payload()]
        assert (recorded.next_attempt_at - film.now).total_seconds() == 10
        assert film.job(job_id).status is JobStatus.PENDING
        with pytest.raises(NotDueYet):
            film.start(job_id)
        film.advance(seconds=10)
        assert film.start(job_id) == 2

    def test_the_second_wait_is_longer_and_the_third_failure_is_final(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.fail(job_id, 1)
        film.advance(seconds=10)
        film.start(job_id)
        film.fail(job_id, 2)
        assert (film.last().next_attempt_at - film.now).total_seconds() == 60
        film.advance(seconds=60)
        film.start(job_id)

        film.fail(job_id, 3)

        attempt_failed, failed = film.events()[-2:]
        assert attempt_failed.next_attempt_at is None
        assert isinstance(failed, events.GenerationFailed)
        assert failed.failure_type == "AI_API_ERROR"
        assert film.job(job_id).status is JobStatus.FAILED

    def test_what_asking_again_cannot_help_fails_at_once(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.fail(job_id, 1, FailureType.NOT_FOUND)

        assert film.names()[-2:] == ["GenerationAttemptFailed", "GenerationFailed"]
        assert film.job(job_id).status is JobStatus.FAILED

    @pytest.mark.parametrize("kind", [kind for kind in FailureType if kind is not FailureType.NOT_FOUND])
    def test_every_other_failure_is_tried_again(self, kind: FailureType) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.fail(job_id, 1, kind)

        assert film.job(job_id).status is JobStatus.PENDING

    def test_crashes_count_as_tries(self) -> None:
        film = Film()

        job_id = film.lost_for_good()

        assert film.job(job_id).status is JobStatus.FAILED
        assert film.names().count("GenerationStarted") == 3

    def test_a_lost_attempt_is_due_again_at_once(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        assert film.lose(job_id, 1)

        assert film.last().failure_type == "WORKER_LOST"
        assert film.start(job_id) == 2

    def test_an_attempt_that_has_ended_cannot_be_lost(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.complete(job_id, 1)
        before = len(film.events())

        assert not film.lose(job_id, 1)
        assert film.since(before) == []

    def test_a_late_failure_changes_nothing_but_keeps_what_it_cost(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.lose(job_id, 1)
        film.start(job_id)

        film.fail(job_id, 1)
        film.fail(job_id, 1)

        assert film.last().reason == RejectionReason.ATTEMPT_ENDED
        assert film.last().calls == [CALL.as_payload()]
        assert film.names().count("StaleResultRejected") == 1
        assert film.job(job_id).is_running(2)

    def test_a_late_failure_that_cost_nothing_leaves_no_trace(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        film.by().cancel(job_id, reason="not wanted")
        before = len(film.events())

        film.fail(job_id, 1, paid=False)

        assert film.since(before) == []


class TestOutage:
    """Failures that leave the provider alone for a while are not held against the job that met them."""

    def test_a_spared_attempt_is_no_try(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        for attempt in range(1, 2 * MAX_TRIES):
            assert film.start(job_id) == attempt
            film.fail(job_id, attempt, shut_for=timedelta(0))
            film.advance(seconds=10)

        assert film.last().spared
        assert film.job(job_id).status is JobStatus.PENDING
        assert film.job(job_id).tries == 0

    def test_tries_before_and_after_an_outage_count(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        for attempt, shut_for in enumerate((None, timedelta(0), timedelta(0), None, None), start=1):
            film.advance(minutes=2)
            film.start(job_id)
            film.fail(job_id, attempt, shut_for=shut_for)

        assert film.job(job_id).status is JobStatus.FAILED

    def test_its_job_stands_back_for_others_when_the_provider_is_asked_again(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.fail(job_id, 1, shut_for=timedelta(seconds=30))

        assert film.job(job_id).due_at == film.now + timedelta(seconds=30) + BACKOFF[0]

    @pytest.mark.parametrize(("shut_for", "spared"), [(0, SPARED_EARLY), (1, MAX_SPARED)])
    def test_a_job_that_makes_the_provider_fail_by_itself_comes_to_an_end(
        self, shut_for: int, spared: int
    ) -> None:
        """Sooner, where the provider is well for others."""
        film = Film()
        job_id = film.ask().job_id
        attempts = 0
        while film.job(job_id).is_active:
            attempts += 1
            film.start(job_id)
            film.fail(job_id, attempts, shut_for=timedelta(seconds=shut_for))
            film.advance(minutes=2)

        assert attempts == spared + MAX_TRIES

    def test_nothing_is_spared_that_no_try_can_mend(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)
        locked_out = Failure(FailureType.AI_API_ERROR, "Not let in.", is_final=True, locks_out=True)

        film.by().fail(
            job_id, 1, locked_out, (), backoff=BACKOFF, not_its_own=film.now + timedelta(minutes=1)
        )

        assert [event.spared for event in film.of(events.GenerationAttemptFailed)] == [False]
        assert film.job(job_id).status is JobStatus.FAILED

    def test_a_lost_attempt_says_what_it_may_have_paid_for(self) -> None:
        film = Film()
        job_id = film.ask().job_id
        film.start(job_id)

        film.by().lose(job_id, 1, why="silent", calls=(CALL,))

        assert film.last().calls == [CALL.as_payload()]
