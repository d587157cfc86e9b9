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
from typing import Any, TypeVar
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

T = TypeVar("T")

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
    run = _Run(command, generations, writer, limits, admission, is_stopping)
    claimed = run.claim()
    if claimed is None:
        return run.replay(generations.load(command.slug).jobs.find(command.job_id).description_id)
    if not admission.confirm(claimed.call):
        run.give_back(claimed)
        return None
    try:
        written = run.write(claimed)
    except WritingFailed as failed:
        run.record_failure(claimed, failed, not_its_own=admission.heard(claimed.call, failed.failure))
        admission.settle(claimed.call, failed.calls)
        return None
    admission.heard(claimed.call, None)
    description_id = run.complete(claimed, written)
    admission.settle(claimed.call, written.calls)
    return run.replay(description_id)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A job this worker holds: the film as the claim left it, the claim, and what is to be written.

    `call` is the one that is paid for, None where writing is free of charge.
    """

    movie: MovieGeneration
    claim: Claim
    task: WritingTask
    call: PlannedCall | None

    @property
    def attempt(self) -> int:
        """The fencing token."""
        return self.claim.attempt

    def has_expired(self, clock: Clock) -> Callable[[], bool]:
        return lambda: clock() >= self.claim.expires_at


@dataclass(frozen=True, slots=True)
class _Run:
    """One message, and all it takes to act on it; the steps in the order they come."""

    command: RunGeneration
    generations: MovieGenerations
    writer: DescriptionWriter
    limits: RunLimits
    admission: Admission
    is_stopping: Callable[[], bool]

    @property
    def by(self) -> Actor:
        return Actor(self.command.worker_id, correlation_id=str(self.command.job_id))

    def claim(self) -> _Claimed | None:
        """Start the next attempt, saved before any money is spent; None when there is nothing to write."""
        admitted = dict[int, PlannedCall | None]()
        try:
            claimed = _when_due(lambda: self._decide_to_start(admitted), self.generations)
        except (AlreadyClaimed, JobIsFinal, NotDueYet, NotAdmitted) as refusal:
            claimed = None
            reason = refusal.reason if isinstance(refusal, NotAdmitted) else refusal.code
            self.log("generation.not_started", reason=reason)
        if claimed is not None:
            del admitted[claimed.attempt]
            self.log("generation.started", attempt=claimed.attempt)
        for call in admitted.values():
            self.admission.give_up(call, self.generations)
        return claimed

    def give_back(self, claimed: _Claimed) -> None:
        """This worker was held up between permit and claim until the permit was gone: no call is made."""
        why = Failure(FailureType.WORKER_LOST, "The worker was held up before it could ask.")
        self.record_failure(claimed, WritingFailed(why), not_its_own=self.generations.clock())

    def write(self, claimed: _Claimed) -> Written:
        """Call the writer, no transaction open. Raises WritingFailed, whatever the writer raised."""
        try:
            return self.writer.write(claimed.task)
        except WritingFailed:
            raise
        except Exception as error:
            log.exception("writer.broke", slug=self.command.slug, job_id=str(self.command.job_id))
            failure = Failure(
                FailureType.UNKNOWN_ERROR,
                "The writer failed in an unexpected way.",
                f"{type(error).__name__}: {error}",
            )
            raise WritingFailed(failure) from error

    def complete(self, claimed: _Claimed, written: Written) -> UUID | None:
        """Save the text at the version of the claim; overtaken, let the film decide what it is worth."""
        description_id = uuid4()

        def complete(movie: MovieGeneration) -> UUID | None:
            return movie.complete(
                self.command.job_id,
                claimed.attempt,
                written.draft,
                written.calls,
                description_id=description_id,
            )

        ends_with = self._decide_on(claimed, complete)
        self.log(
            "generation.accepted" if ends_with == description_id else "generation.result_refused",
            attempt=claimed.attempt,
            description_id=str(ends_with) if ends_with else None,
        )
        return ends_with

    def record_failure(
        self, claimed: _Claimed, failed: WritingFailed, *, not_its_own: datetime | None
    ) -> None:
        backoff = self.limits.backoff()

        def fail(movie: MovieGeneration) -> None:
            movie.fail(
                self.command.job_id,
                claimed.attempt,
                failed.failure,
                failed.calls,
                backoff=backoff,
                not_its_own=not_its_own,
            )

        self._decide_on(claimed, fail)
        log.warning(
            "generation.attempt_failed",
            slug=self.command.slug,
            job_id=str(self.command.job_id),
            attempt=claimed.attempt,
            failure_type=failed.failure.type.value,
            technical_message=failed.failure.technical_message,
        )

    def replay(self, description_id: UUID | None) -> DescriptionGenerated | DescriptionEdited | None:
        """What the stream says was accepted; never a read-model row, never what we hold in memory."""
        if description_id is None:
            return None
        return self.generations.replay_description(self.command.slug, description_id)

    def log(self, event: str, **facts: Any) -> None:
        log.info(event, slug=self.command.slug, job_id=str(self.command.job_id), **facts)

    def _decide_to_start(self, admitted: dict[int, PlannedCall | None]) -> _Claimed | None:
        """`admitted` holds the calls that were admitted on the way, by attempt."""
        patient_until = self.generations.clock() + self.limits.patience

        def start(movie: MovieGeneration) -> _Claimed | None:
            self.admission.check_switch(self.command.job_id)
            movie.start(self.command.job_id, worker_id=self.command.worker_id, limit=self.limits.claim)
            job = movie.jobs[self.command.job_id]
            if job.claim is None:
                return None
            task = WritingTask.of(job, movie)
            call = self.admission.admit(self.writer.quote(task), job, self.command.slug)
            admitted[job.attempt] = call
            return _Claimed(movie, job.claim, task, call)

        def recognise(movie: MovieGeneration, tried: _Claimed | None) -> _Claimed | None:
            is_ours = tried is not None and movie.jobs.find(self.command.job_id).claim == tried.claim
            return replace(tried, movie=movie) if tried and is_ours else None

        def gives_up() -> bool:
            return self.is_stopping() or self.generations.clock() >= patient_until

        return self.generations.decide(
            self.command.slug, start, by=self.by, gives_up=gives_up, recognise=recognise
        )

    def _decide_on(self, claimed: _Claimed, decision: Callable[[MovieGeneration], T]) -> T:
        """First on the film as the claim left it."""
        return self.generations.decide(
            self.command.slug,
            decision,
            by=self.by,
            first_on=claimed.movie,
            gives_up=claimed.has_expired(self.generations.clock),
        )


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
