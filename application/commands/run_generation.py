"""Write one description: claim the job, call the writer, and have the text accepted exactly once.

This is the heart of the service. Two workers may hold the same job: a message delivered twice, a zombie
that wakes up, a take-over, a retry. Nobody locks anything. The claim is an event; the text is saved **at
the version the claim produced**, so the store refuses whoever was overtaken. The loser then finds the
`DescriptionGenerated` that came first in the stream, records its own text as refused, and ends with the
same description.

Where writing costs money the gate is asked before the claim, told how the provider answered, and told in
the end what it took. Whoever it turns away has spent nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog

from application.admission import Admission
from application.call_ledger import PlannedCall
from application.errors import NotAdmitted
from application.movie_generations import Clock, MovieGenerations
from application.ports import DescriptionWriter, WritingFailed, WritingTask, Written
from domain.errors import AlreadyClaimed, JobIsFinal, NotDueYet
from domain.events import DescriptionEdited, DescriptionGenerated
from domain.job import Claim
from domain.movie_generation import MovieGeneration
from domain.values import Actor, Failure, FailureType

log = structlog.get_logger()

CLOCKS_MAY_DIFFER_BY = timedelta(seconds=2)
"""Those of two hosts that are kept by NTP; see docs/operations.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunGeneration:
    """`worker_id` must change with every start of a process: a restarted worker owns no old claims."""

    slug: str
    job_id: UUID
    worker_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLimits:
    """`claim` is how long even a live worker may hold a job; `backoff` gives the waits between tries.

    `patience` is how long a worker keeps a message that it cannot act upon for want of a store: until the
    message would be sent again anyway.
    """

    claim: timedelta
    patience: timedelta
    backoff: Callable[[], Sequence[timedelta]]


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A job this worker holds: the film as the claim left it, the claim, and what is to be written.

    `call` is the one that is paid for, None where writing is free of charge.
    """

    movie: MovieGeneration
    claim: Claim
    task: WritingTask
    call: PlannedCall | None
    asked_at: datetime

    @property
    def attempt(self) -> int:
        """The fencing token."""
        return self.claim.attempt

    def has_expired(self, clock: Clock) -> Callable[[], bool]:
        return lambda: clock() >= self.claim.expires_at


def run_generation(
    command: RunGeneration,
    *,
    generations: MovieGenerations,
    writer: DescriptionWriter,
    limits: RunLimits,
    admission: Admission,
    is_stopping: Callable[[], bool] = lambda: False,
) -> DescriptionGenerated | DescriptionEdited | None:
    """Returns the event, read from the stream, that accepted the description the job ends with.

    None when the job was not for us to run, or the try failed; what failed is in the stream. A worker that
    `is_stopping` waits for a store only with a text in its hands. Raises StoreUnavailable.
    """
    by = Actor(command.worker_id, correlation_id=str(command.job_id))
    claimed = _claim(command, generations, writer, limits, admission, is_stopping, by)
    if claimed is None:
        existing = generations.load(command.slug).jobs.find(command.job_id).description_id
        return _replay(command, existing, generations)
    if admission.has_lapsed(claimed.call, after=generations.clock() - claimed.asked_at):
        _give_back(command, claimed, generations, by)
        return None
    try:
        written = _write(command, claimed, writer)
    except WritingFailed as failed:
        shut_until = admission.heard(claimed.call, failed.failure)
        _record_failure(command, claimed, failed, shut_until, generations, limits, by)
        admission.settle(claimed.call, failed.calls)
        return None
    admission.heard(claimed.call, None)
    description_id = _complete(command, claimed, written, generations, by)
    admission.settle(claimed.call, written.calls)
    return _replay(command, description_id, generations)


def _claim(
    command: RunGeneration,
    generations: MovieGenerations,
    writer: DescriptionWriter,
    limits: RunLimits,
    admission: Admission,
    is_stopping: Callable[[], bool],
    by: Actor,
) -> _Claimed | None:
    """Start the next attempt, saved before any money is spent; None when there is nothing to write."""
    patient_until = generations.clock() + limits.patience

    def start(movie: MovieGeneration) -> _Claimed | None:
        admission.check_switch(command.job_id)
        movie.start(command.job_id, worker_id=command.worker_id, limit=limits.claim)
        job = movie.jobs[command.job_id]
        if job.claim is None:
            return None
        task, asked_at = WritingTask.of(job, movie), generations.clock()
        call = admission.admit(writer.quote(task), job, command.slug)
        return _Claimed(movie, job.claim, task, call, asked_at)

    def recognise(movie: MovieGeneration, tried: _Claimed | None) -> _Claimed | None:
        is_ours = tried is not None and movie.jobs.find(command.job_id).claim == tried.claim
        return replace(tried, movie=movie) if tried and is_ours else None

    def gives_up() -> bool:
        return is_stopping() or generations.clock() >= patient_until

    try:
        claimed = _when_due(
            lambda: generations.decide(command.slug, start, by=by, gives_up=gives_up, recognise=recognise),
            generations,
        )
    except (AlreadyClaimed, JobIsFinal, NotDueYet, NotAdmitted) as refusal:
        reason = refusal.reason if isinstance(refusal, NotAdmitted) else refusal.code
        log.info("generation.not_started", slug=command.slug, job_id=str(command.job_id), reason=reason)
        return None
    if claimed is not None:
        log.info("generation.started", slug=command.slug, job_id=str(command.job_id), attempt=claimed.attempt)
    return claimed


def _when_due(claim: Callable[[], _Claimed | None], generations: MovieGenerations) -> _Claimed | None:
    """The dispatcher's clock may be a little ahead of ours: a job that is due in a moment is waited for,
    because its message is sent again only after RESEND_SECONDS."""
    try:
        return claim()
    except NotDueYet as early:
        wait = early.due_at - generations.clock()
        if wait > CLOCKS_MAY_DIFFER_BY:
            raise
        time.sleep(max(wait.total_seconds(), 0))
        return claim()


def _give_back(command: RunGeneration, claimed: _Claimed, generations: MovieGenerations, by: Actor) -> None:
    """This worker was held up between its permit and its claim, for so long that the permit is gone."""
    why = f"worker {command.worker_id} was held up before it could ask"
    generations.decide(
        command.slug, lambda movie: movie.lose(command.job_id, claimed.attempt, why=why), by=by
    )
    log.warning("generation.given_back", slug=command.slug, job_id=str(command.job_id), why=why)


def _write(command: RunGeneration, claimed: _Claimed, writer: DescriptionWriter) -> Written:
    """Call the writer, no transaction open. Raises WritingFailed, whatever the writer raised."""
    try:
        return writer.write(claimed.task)
    except WritingFailed:
        raise
    except Exception as error:
        log.exception("writer.broke", slug=command.slug, job_id=str(command.job_id))
        failure = Failure(
            FailureType.UNKNOWN_ERROR,
            "The writer failed in an unexpected way.",
            f"{type(error).__name__}: {error}",
        )
        raise WritingFailed(failure) from error


def _complete(
    command: RunGeneration, claimed: _Claimed, written: Written, generations: MovieGenerations, by: Actor
) -> UUID | None:
    """Save the text at the version the claim produced; overtaken, let the film decide what it is worth."""
    description_id = uuid4()

    def complete(movie: MovieGeneration) -> UUID | None:
        return movie.complete(
            command.job_id, claimed.attempt, written.draft, written.calls, description_id=description_id
        )

    ends_with = generations.decide(
        command.slug, complete, by=by, first_on=claimed.movie, gives_up=claimed.has_expired(generations.clock)
    )
    log.info(
        "generation.accepted" if ends_with == description_id else "generation.result_refused",
        slug=command.slug,
        job_id=str(command.job_id),
        attempt=claimed.attempt,
        description_id=str(ends_with) if ends_with else None,
    )
    return ends_with


def _record_failure(
    command: RunGeneration,
    claimed: _Claimed,
    failed: WritingFailed,
    shut_until: datetime | None,
    generations: MovieGenerations,
    limits: RunLimits,
    by: Actor,
) -> None:
    backoff = limits.backoff()

    def fail(movie: MovieGeneration) -> None:
        movie.fail(
            command.job_id,
            claimed.attempt,
            failed.failure,
            failed.calls,
            backoff=backoff,
            shut_until=shut_until,
        )

    generations.decide(
        command.slug, fail, by=by, first_on=claimed.movie, gives_up=claimed.has_expired(generations.clock)
    )
    log.warning(
        "generation.attempt_failed",
        slug=command.slug,
        job_id=str(command.job_id),
        attempt=claimed.attempt,
        failure_type=failed.failure.type.value,
        technical_message=failed.failure.technical_message,
    )


def _replay(
    command: RunGeneration, description_id: UUID | None, generations: MovieGenerations
) -> DescriptionGenerated | DescriptionEdited | None:
    """What the stream says was accepted; never a read-model row, never what we hold in memory."""
    return None if description_id is None else generations.replay_description(command.slug, description_id)
