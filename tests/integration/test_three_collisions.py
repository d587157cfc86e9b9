"""Every row of the three-collisions table, through the real event store.

The collisions are staged, not hoped for: another decision is saved between a decision and its append, or
the world moves on while a text is being written.
"""

from uuid import UUID

from domain.events import (
    DescriptionGenerated,
    GenerationRequested,
    GenerationSatisfied,
    GenerationStarted,
    MovieRegistered,
    StaleResultRejected,
)
from domain.values import ContextTag, JobStatus, RejectionReason
from tests.support.core import CALL, SLUG, Appends, Core, FakeWriter, in_threads


class TestTwoRequestsForOneFilm:
    def test_the_loser_follows_the_job_of_the_winner(self, core: Core, appends: Appends) -> None:
        appends.meet(2)

        first, second = in_threads(core.job, core.job)

        assert sorted(appends.outcomes) == ["refused", "saved"]
        assert first.job_id == second.job_id
        assert sorted([first.is_new, second.is_new]) == [False, True]
        assert len(core.of(GenerationRequested)) == len(core.of(MovieRegistered)) == 1

    def test_the_loser_answers_with_the_description_that_came_first(
        self, core: Core, appends: Appends
    ) -> None:
        appends.overtake_next(lambda: core.run(core.job().job_id, FakeWriter()))

        answer = core.job()

        assert appends.outcomes[-1] == "refused"
        (made,) = core.of(DescriptionGenerated)
        assert (answer.status, answer.description_id) == (JobStatus.DONE, made.description_id)
        assert answer.job_id == made.job_id
        assert len(core.of(GenerationRequested)) == 1

    def test_the_loser_decides_again_when_only_other_styles_moved(self, core: Core, appends: Appends) -> None:
        appends.meet(4)

        answers = in_threads(*[lambda tag=tag: core.job(context_tags=(tag,)) for tag in ContextTag])

        assert appends.outcomes.count("saved") == 4
        assert appends.outcomes.count("refused") >= 3
        assert all(answer.is_new for answer in answers)
        assert len({answer.job_id for answer in answers}) == len(core.of(GenerationRequested)) == 4


class TestTwoStartsOfOneJob:
    def test_the_loser_finds_an_open_claim_and_spends_nothing(self, core: Core, appends: Appends) -> None:
        job, writer = core.job(), FakeWriter()
        appends.meet(2)

        in_threads(lambda: core.run(job.job_id, writer), lambda: core.run(job.job_id, writer))

        assert appends.outcomes.count("refused") == 1
        assert len(core.of(GenerationStarted)) == len(writer.tasks) == 1
        assert len(core.of(DescriptionGenerated)) == 1

    def test_the_loser_is_satisfied_with_the_description_that_came_first(
        self, core: Core, appends: Appends
    ) -> None:
        first = _failed_by_lost_workers(core)
        second = core.job()
        assert second.job_id != first
        writer = FakeWriter()
        appends.overtake_next(lambda: core.deliver(first, 3))

        replayed = core.run(second.job_id, writer)

        assert "refused" in appends.outcomes
        assert writer.tasks == [], "nothing is spent on what is there"
        (made,) = core.of(DescriptionGenerated)
        assert replayed == made
        (satisfied,) = core.of(GenerationSatisfied)
        assert (satisfied.job_id, satisfied.description_id) == (second.job_id, made.description_id)
        jobs = core.generations.load(SLUG).jobs
        assert {(job.status, job.description_id) for job in jobs.values()} == {
            (JobStatus.DONE, made.description_id)
        }


class TestTwoResults:
    def test_the_second_workers_append_fails_and_it_replays_the_description_of_the_first(
        self, core: Core, appends: Appends
    ) -> None:
        job, won = core.job(), []

        def take_over() -> None:
            """While the first worker waits for its text, it is given up and another does the job."""
            core.lose(job.job_id, 1)
            won.append(core.run(job.job_id, FakeWriter(), worker_id="second"))

        replayed = core.run(job.job_id, FakeWriter(take_over), worker_id="first")

        assert appends.outcomes.count("refused") == 1, "the late append fails by its version"
        (made,) = core.of(DescriptionGenerated)
        assert replayed == won[0] == made, "replayed from the stream"
        ended = core.generations.load(SLUG).jobs[job.job_id]
        assert (ended.status, ended.description_id) == (JobStatus.DONE, made.description_id)
        assert core.names().count("StaleResultRejected") == 1
        (rejected,) = core.of(StaleResultRejected)
        assert rejected.existing_description_id == made.description_id
        assert rejected.reason == RejectionReason.DESCRIPTION_EXISTS
        assert rejected.calls == [CALL.as_payload()], "what the refused text cost is kept"

    def test_two_results_at_the_same_moment_end_with_one_description(
        self, core: Core, appends: Appends
    ) -> None:
        job_id = core.job().job_id
        core.start(job_id)
        core.lose(job_id, 1)
        core.start(job_id)
        appends.meet(2)

        in_threads(lambda: core.deliver(job_id, 1), lambda: core.deliver(job_id, 2))

        assert appends.outcomes.count("refused") == 1
        (made,) = core.of(DescriptionGenerated)
        assert made.attempt == 2, "the newer attempt holds the claim, whoever is saved first"
        (rejected,) = core.of(StaleResultRejected)
        assert rejected.attempt == 1
        assert core.generations.load(SLUG).jobs[job_id].description_id == made.description_id

    def test_the_losers_own_job_ends_done_with_the_description_another_job_made(
        self, core: Core, appends: Appends
    ) -> None:
        first = _failed_by_lost_workers(core)
        second = core.job().job_id

        # The film is what it was when the second job started: the first job's text comes in between.
        def late_text_is_accepted_first() -> None:
            core.lose(second, 1)
            core.deliver(first, 3)

        replayed = core.run(second, FakeWriter(late_text_is_accepted_first))

        (made,) = core.of(DescriptionGenerated)
        assert made.job_id == first
        assert replayed == made
        assert "refused" in appends.outcomes
        (rejected,) = core.of(StaleResultRejected)
        assert (rejected.job_id, rejected.existing_description_id) == (second, made.description_id)
        (satisfied,) = core.of(GenerationSatisfied)
        assert (satisfied.job_id, satisfied.description_id) == (second, made.description_id)
        assert core.generations.load(SLUG).jobs[second].status is JobStatus.DONE

    def test_a_lost_attempt_is_accepted_while_nobody_else_has_started(
        self, core: Core, appends: Appends
    ) -> None:
        job = core.job().job_id

        accepted = core.run(job, FakeWriter(lambda: core.lose(job, 1)))

        assert "refused" in appends.outcomes
        assert accepted == core.of(DescriptionGenerated)[0]
        assert core.generations.load(SLUG).jobs[job].status is JobStatus.DONE
        assert core.of(StaleResultRejected) == []

    def test_a_late_result_is_refused_while_a_newer_attempt_runs(self, core: Core, appends: Appends) -> None:
        job = core.job().job_id

        def newer_attempt() -> None:
            core.lose(job, 1)
            core.start(job, worker_id="second")

        replayed = core.run(job, FakeWriter(newer_attempt), worker_id="first")

        assert replayed is None
        assert "refused" in appends.outcomes
        (rejected,) = core.of(StaleResultRejected)
        assert (rejected.attempt, rejected.reason) == (1, RejectionReason.NEWER_ATTEMPT)
        assert core.generations.load(SLUG).jobs[job].is_running(2)

    def test_a_late_result_of_a_cancelled_job_is_refused(self, core: Core, appends: Appends) -> None:
        job = core.job().job_id

        replayed = core.run(job, FakeWriter(lambda: core.cancel(job)))

        assert replayed is None
        assert "refused" in appends.outcomes
        (rejected,) = core.of(StaleResultRejected)
        assert rejected.reason == RejectionReason.CANCELLED
        assert core.of(DescriptionGenerated) == []

    def test_the_loser_appends_at_the_new_version_when_only_other_styles_moved(
        self, core: Core, appends: Appends
    ) -> None:
        job = core.job().job_id

        def other_style() -> None:
            core.run(core.job(context_tags=(ContextTag.HUMOROUS,)).job_id, FakeWriter())

        accepted = core.run(job, FakeWriter(other_style))

        assert "refused" in appends.outcomes
        assert accepted in core.of(DescriptionGenerated)
        assert len(core.of(DescriptionGenerated)) == 2
        assert core.of(StaleResultRejected) == []


def _failed_by_lost_workers(core: Core) -> UUID:
    """A job whose three workers were lost; the text of the third may still arrive."""
    job_id = core.job().job_id
    for attempt in (1, 2, 3):
        assert core.start(job_id) == attempt
        core.lose(job_id, attempt)
    assert core.generations.load(SLUG).jobs[job_id].status is JobStatus.FAILED
    return job_id
