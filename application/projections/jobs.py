"""The jobs view: where each request stands, for those who wait for it and for the dispatcher."""

from collections.abc import Collection
from uuid import UUID

from application.event_log import Recorded
from application.read_models import JobRow
from application.view import Rows
from domain import events
from domain.values import MAX_TRIES, JobStatus


def jobs_of(recorded: Recorded) -> Collection[UUID]:
    return [recorded.event.job_id] if isinstance(recorded.event, _OF_A_JOB) else []


def fold_job(recorded: Recorded, rows: Rows[UUID, JobRow]) -> None:
    event = recorded.event
    if isinstance(event, events.GenerationRequested):
        rows.put(_requested(recorded, event))
    elif isinstance(event, _OF_A_JOB):
        rows.put(_followed(rows.get(event.job_id), event)._replace(updated_at=event.timestamp))


_OF_A_JOB = (
    events.GenerationStarted
    | events.GenerationAttemptFailed
    | events.GenerationFailed
    | events.DescriptionGenerated
    | events.GenerationSatisfied
    | events.GenerationRetryRequested
    | events.GenerationCancelled
)


def _requested(recorded: Recorded, event: events.GenerationRequested) -> JobRow:
    return JobRow(
        job_id=event.job_id,
        slug=recorded.slug,
        requested_slug=event.requested_slug,
        locale=event.locale,
        context_tag=event.context_tag,
        status=JobStatus.PENDING,
        confidence=event.confidence,
        forced=event.forced,
        priority=event.priority,
        requested_by=event.actor,
        attempts=0,
        max_attempts=MAX_TRIES,
        next_attempt_at=None,
        worker_id=None,
        claim_expires_at=None,
        description_id=None,
        failure_type=None,
        failure_message=None,
        failure_technical_message=None,
        created_at=event.timestamp,
        updated_at=event.timestamp,
        position=recorded.position,
    )


def _followed(row: JobRow, event: events.Event) -> JobRow:
    match event:
        case events.GenerationStarted():
            return _without_failure(row)._replace(
                status=JobStatus.IN_PROGRESS,
                attempts=event.attempt,
                next_attempt_at=None,
                worker_id=event.worker_id,
                claim_expires_at=event.claim_expires_at,
            )
        case events.GenerationAttemptFailed():
            return _with_failure(row, event)._replace(
                status=JobStatus.PENDING,
                next_attempt_at=event.next_attempt_at,
                max_attempts=row.max_attempts + event.spared,
            )
        case events.GenerationFailed():
            return _with_failure(row, event)._replace(status=JobStatus.FAILED)
        case events.DescriptionGenerated() | events.GenerationSatisfied():
            done = _without_failure(_without_claim(row))
            return done._replace(
                status=JobStatus.DONE, description_id=event.description_id, next_attempt_at=None
            )
        case events.GenerationRetryRequested():
            return row._replace(status=JobStatus.PENDING, max_attempts=row.attempts + MAX_TRIES)
        case events.GenerationCancelled():
            return _without_claim(row)._replace(status=JobStatus.CANCELLED, next_attempt_at=None)
    return row


def _with_failure(row: JobRow, event: events.GenerationAttemptFailed | events.GenerationFailed) -> JobRow:
    return _without_claim(row)._replace(
        failure_type=event.failure_type,
        failure_message=event.message,
        failure_technical_message=event.technical_message,
    )


def _without_failure(row: JobRow) -> JobRow:
    return row._replace(failure_type=None, failure_message=None, failure_technical_message=None)


def _without_claim(row: JobRow) -> JobRow:
    return row._replace(worker_id=None, claim_expires_at=None)
