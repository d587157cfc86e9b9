"""The generation jobs of a film. Methods in the past tense only assign: they rerun on every replay."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from domain.errors import JobNotFound
from domain.values import MAX_SPARED, MAX_TRIES, SPARED_EARLY, Failure, FailureType, JobStatus, Variant


@dataclass(slots=True)
class Claim:
    """An attempt that has been started and not ended; only an event ends it, never the clock."""

    attempt: int
    worker_id: str
    expires_at: datetime


@dataclass(slots=True)
class Job:
    """One accepted request for one variant.

    `attempt` is the number of the last attempt, never reset: the fencing token. `tries` counts the
    attempts since the request or the last retry request, but for those that were spared; `spared` is
    what these weigh. `reported` holds the attempts whose own worker has had its outcome recorded.
    `due_at` is None while the job may start at once.
    """

    job_id: UUID
    variant: Variant
    forced: bool
    confidence: float
    requested_by: str
    requested_at_version: int
    status: JobStatus = JobStatus.PENDING
    attempt: int = 0
    tries: int = 0
    spared: int = 0
    due_at: datetime | None = None
    claim: Claim | None = None
    failure: Failure | None = None
    description_id: UUID | None = None
    reported: set[int] = field(default_factory=set)

    @property
    def is_active(self) -> bool:
        return self.status.is_active

    @property
    def has_tries_left(self) -> bool:
        return self.tries < MAX_TRIES

    def can_be_spared(self, *, is_outage: bool) -> bool:
        """Whether one more failure of the provider is not held against this job."""
        return self.spared < (MAX_SPARED if is_outage else SPARED_EARLY)

    def is_running(self, attempt: int) -> bool:
        return self.claim is not None and self.claim.attempt == attempt

    def was_lost(self, attempt: int) -> bool:
        """Whether this attempt was taken from its worker and nobody has started another since."""
        return (
            attempt == self.attempt
            and self.failure is not None
            and self.failure.type is FailureType.WORKER_LOST
        )

    def claimed(self, attempt: int, worker_id: str, expires_at: datetime) -> None:
        self.status = JobStatus.IN_PROGRESS
        self.attempt = attempt
        self.tries += 1
        self.claim = Claim(attempt, worker_id, expires_at)
        self.failure = None

    def attempt_failed(
        self, attempt: int, failure: Failure, next_attempt_at: datetime | None, *, spared: int
    ) -> None:
        """`spared` is what an attempt weighs that counts as no try, 0 for one that does."""
        self.status = JobStatus.PENDING
        if spared:
            self.tries -= 1
            self.spared += spared
        self.claim = None
        self.failure = failure
        self.due_at = next_attempt_at
        if failure.type is not FailureType.WORKER_LOST:
            self.reported.add(attempt)

    def failed(self, failure: Failure) -> None:
        self.status = JobStatus.FAILED
        self.failure = failure

    def retried(self) -> None:
        self.status = JobStatus.PENDING
        self.tries = self.spared = 0
        self.due_at = None

    def cancelled(self) -> None:
        self.status = JobStatus.CANCELLED
        self.claim = None

    def done(self, description_id: UUID) -> None:
        self.status = JobStatus.DONE
        self.description_id = description_id
        self.claim = None
        self.failure = None


class Jobs(dict[UUID, Job]):
    """All jobs of one film, by id."""

    def find(self, job_id: UUID) -> Job:
        """Raises JobNotFound."""
        try:
            return self[job_id]
        except KeyError:
            raise JobNotFound(job_id) from None

    def active(self, variant: Variant) -> Job | None:
        return next((job for job in self.values() if job.variant == variant and job.is_active), None)

    def another_is_running(self, job: Job) -> bool:
        """Whether another job of the same variant holds a claim."""
        return any(
            other.claim for other in self.values() if other.variant == job.variant and other is not job
        )
