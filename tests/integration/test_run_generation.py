"""What a worker does with a job that nobody disputes: tries, failures, and what the writer is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from application.commands.run_generation import CLOCKS_MAY_DIFFER_BY
from application.errors import MovieNotFound
from application.ports import Quote, WritingFailed, WritingTask, Written
from domain.errors import JobNotFound
from domain.events import (
    DescriptionGenerated,
    GenerationAttemptFailed,
    GenerationFailed,
    GenerationStarted,
)
from domain.values import ContextTag, Failure, FailureType, JobStatus, Locale, MovieFacts
from tests.support.core import CALL, CLAIM_LIMIT, SLUG, Core, FakeWriter


@dataclass
class FailingWriter:
    """Raises what it is given, once for each try."""

    errors: list[Exception]
    costs: Quote | None = None
    tasks: list[WritingTask] = field(default_factory=list)

    def quote(self, task: WritingTask) -> Quote | None:
        return self.costs

    def close(self) -> None:
        """It holds nothing."""

    def write(self, task: WritingTask) -> Written:
        self.tasks.append(task)
        raise self.errors.pop(0)


def failed(kind: FailureType) -> WritingFailed:
    return WritingFailed(Failure(kind, "It did not work.", "details"), (CALL,))


def test_the_event_is_returned_as_the_stream_holds_it(core: Core) -> None:
    job = core.job().job_id

    made = core.run(job, FakeWriter())

    assert made == core.of(DescriptionGenerated)[0]
    assert isinstance(made, DescriptionGenerated)
    assert made.calls == [CALL.as_payload()]
    assert made.actor == "worker"


def test_the_claim_is_in_the_store_before_the_writer_is_called(core: Core) -> None:
    job = core.job().job_id
    seen: list[str] = []

    core.run(job, FakeWriter(lambda: seen.extend(core.names())))

    assert seen[-1] == "GenerationStarted"
    (started,) = core.of(GenerationStarted)
    assert started.claim_expires_at == core.clock.now + CLAIM_LIMIT


def test_the_writer_is_told_what_the_film_is_and_which_revision_this_will_be(core: Core) -> None:
    writer = FakeWriter()
    facts: dict[str, Any] = {"title": "The Matrix", "director": "Lana Wachowski", "genres": ("Action",)}
    core.run(core.job(locale=Locale.PL_PL, context_tags=(ContextTag.MODERN,), **facts).job_id, writer)
    core.run(core.job(locale=Locale.PL_PL, context_tags=(ContextTag.MODERN,), force=True).job_id, writer)

    first, second = writer.tasks
    assert first.facts == MovieFacts(
        title="The Matrix", release_year=1999, director="Lana Wachowski", genres=("Action",)
    )
    assert (first.slug, first.locale, first.context_tag) == (SLUG, Locale.PL_PL, ContextTag.MODERN)
    assert (first.revision, second.revision) == (1, 2)
    assert (first.attempt, second.attempt) == (1, 1)


def test_a_failed_try_is_tried_again_when_it_is_due_and_the_third_is_the_last(core: Core) -> None:
    job = core.job().job_id
    writer = FailingWriter(
        [failed(FailureType.RATE_LIMITED), failed(FailureType.TIMEOUT), failed(FailureType.AI_API_ERROR)]
    )
    for wait in (10, 60, 0):
        assert core.run(job, writer) is None
        assert core.run(job, writer) is None, "not due yet, or failed for good: nothing is spent"
        core.clock.advance(seconds=wait)

    tries = core.of(GenerationAttemptFailed)
    assert [event.failure_type for event in tries] == ["RATE_LIMITED", "TIMEOUT", "AI_API_ERROR"]
    assert [event.next_attempt_at and event.next_attempt_at - event.timestamp for event in tries] == [
        timedelta(seconds=10),
        timedelta(seconds=60),
        None,
    ]
    assert all(event.calls == [CALL.as_payload()] for event in tries)
    assert len(writer.tasks) == 3
    (gone,) = core.of(GenerationFailed)
    assert gone.failure_type == "AI_API_ERROR"


def test_a_job_that_is_due_in_a_moment_is_waited_for(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sent the message has a clock that is a little ahead of ours."""
    job, writer = core.job().job_id, FailingWriter([failed(FailureType.TIMEOUT)])
    core.run(job, writer)
    core.clock.advance(seconds=10 - CLOCKS_MAY_DIFFER_BY.total_seconds())
    monkeypatch.setattr("time.sleep", lambda seconds: core.clock.advance(seconds=seconds))

    assert core.run(job, FakeWriter()) is not None


def test_a_film_the_writer_does_not_know_fails_at_once(core: Core) -> None:
    job = core.job().job_id

    core.run(job, FailingWriter([failed(FailureType.NOT_FOUND)]))

    assert core.generations.load(SLUG).jobs[job].status is JobStatus.FAILED


def test_whatever_else_the_writer_raises_is_a_failed_try_that_names_it(core: Core) -> None:
    job = core.job().job_id

    assert core.run(job, FailingWriter([ZeroDivisionError("by zero")])) is None

    (event,) = core.of(GenerationAttemptFailed)
    assert event.failure_type == "UNKNOWN_ERROR"
    assert event.technical_message == "ZeroDivisionError: by zero"
    assert event.next_attempt_at is not None


def test_the_next_try_may_succeed(core: Core) -> None:
    job = core.job().job_id
    core.run(job, FailingWriter([failed(FailureType.TIMEOUT)]))
    core.clock.advance(seconds=10)

    made = core.run(job, FakeWriter())

    assert isinstance(made, DescriptionGenerated)
    assert made.attempt == 2
    done = core.generations.load(SLUG).jobs[job]
    assert (done.status, done.failure) == (JobStatus.DONE, None)


def test_a_message_for_a_job_that_is_done_replays_its_description(core: Core) -> None:
    job, writer = core.job().job_id, FakeWriter()
    made = core.run(job, writer)

    again = core.run(job, writer)

    assert again == made
    assert len(writer.tasks) == 1


@pytest.mark.parametrize(
    ("send", "error"),
    [
        (lambda core, writer: core.run(uuid4(), writer), JobNotFound),
        (lambda core, writer: core.run(uuid4(), writer, slug="heat-1995"), MovieNotFound),
    ],
)
def test_a_message_for_something_unknown_is_an_error_and_spends_nothing(
    core: Core, send: Callable[[Core, FakeWriter], object], error: type[Exception]
) -> None:
    core.job()
    writer = FakeWriter()

    with pytest.raises(error):
        send(core, writer)
    assert writer.tasks == []
