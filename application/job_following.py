"""A job followed event by event, for those who do not want to ask again and again."""

from uuid import UUID

from application.event_log import Recorded
from application.projections.jobs import fold_job
from application.read_models import JobRow
from domain.events import (
    DescriptionGenerated,
    Event,
    GenerationAttemptFailed,
    GenerationCancelled,
    GenerationFailed,
    GenerationSatisfied,
    StaleResultRejected,
)
from domain.values import JobStatus


class FollowedJob:
    """The jobs projection, run over the events of one job alone."""

    def __init__(self, job_id: UUID) -> None:
        self._job_id = job_id
        self._row: JobRow | None = None

    def hear(self, recorded: Recorded) -> JobRow | None:
        """The job as an event has left it; None where the event has changed nothing that can be seen."""
        event = recorded.event
        if job_of(event) != self._job_id or isinstance(event, StaleResultRejected):
            return None
        fold_job(recorded, self)
        # Behind the last try its end follows in the same append; nobody has ever seen the job between them.
        is_between = isinstance(event, GenerationAttemptFailed) and event.next_attempt_at is None
        return None if is_between else self._row

    def get(self, _job_id: UUID) -> JobRow:
        assert self._row is not None, "a job begins with the event that makes the row"
        return self._row

    def put(self, row: JobRow) -> None:
        self._row = row


def job_of(event: Event) -> UUID | None:
    """The job that an event is about, if it is about one."""
    return getattr(event, "job_id", None)


def ended_by(event: Event) -> tuple[JobStatus, UUID | None] | None:
    """The final status that an event gives its job, and the description it ends with."""
    match event:
        case DescriptionGenerated() | GenerationSatisfied():
            return JobStatus.DONE, event.description_id
        case GenerationFailed():
            return JobStatus.FAILED, None
        case GenerationCancelled():
            return JobStatus.CANCELLED, None
    return None
