"""The jobs view: where each request stands, for those who wait for it and for the dispatcher."""

from dataclasses import replace

from application.event_log import Recorded
from application.read_models import JobRow, JobRows
from domain import events
from domain.values import MAX_TRIES, JobStatus


def fold_job(recorded: Recorded, rows: JobRows) -> None:
    event = recorded.event
    if isinstance(event, events.GenerationRequested):
        rows.put(_requested(recorded, event))
    elif isinstance(event, _OF_A_JOB):
        rows.put(replace(_followed(rows.get(event.job_id), event), updated_at=event.timestamp))


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
            return replace(
                _without_failure(row),
                status=JobStatus.IN_PROGRESS,
                attempts=event.attempt,
                next_attempt_at=None,
                worker_id=event.worker_id,
                claim_expires_at=event.claim_expires_at,
            )
        case events.GenerationAttemptFailed():
            return replace(
                _with_failure(row, event),
                status=JobStatus.PENDING,
                next_attempt_at=event.next_attempt_at,
                max_attempts=row.max_attempts + event.spared,
            )
        case events.GenerationFailed():
            return replace(_with_failure(row, event), status=JobStatus.FAILED)
        case events.DescriptionGenerated() | events.GenerationSatisfied():
            done = _without_failure(_without_claim(row))
            return replace(
                done, status=JobStatus.DONE, description_id=event.description_id, next_attempt_at=None
            )
        case events.GenerationRetryRequested():
            return replace(row, status=JobStatus.PENDING, max_attempts=row.attempts + MAX_TRIES)
        case events.GenerationCancelled():
            return replace(_without_claim(row), status=JobStatus.CANCELLED, next_attempt_at=None)
    return row


def _with_failure(row: JobRow, event: events.GenerationAttemptFailed | events.GenerationFailed) -> JobRow:
    return replace(
        _without_claim(row),
        failure_type=event.failure_type,
        failure_message=event.message,
        failure_technical_message=event.technical_message,
    )


def _without_failure(row: JobRow) -> JobRow:
    return replace(row, failure_type=None, failure_message=None, failure_technical_message=None)


def _without_claim(row: JobRow) -> JobRow:
    return replace(row, worker_id=None, claim_expires_at=None)
