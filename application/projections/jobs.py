"""The jobs view: where each request stands, for those who wait for it and for the dispatcher."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from application.event_log import Recorded
from application.projections.kinds import Kinds
from application.read_models import JobRow
from application.view import Rows
from domain import events
from domain.values import MAX_TRIES, JobStatus


def jobs_of(batch: Sequence[Recorded]) -> Collection[UUID]:
    return _jobs(batch, _OF_A_JOB) - _jobs(batch, _BEGINS)


def fold_job(recorded: Recorded, rows: Rows[UUID, JobRow]) -> None:
    event = recorded.event
    if isinstance(event, events.GenerationRequested):
        rows.put(_requested(recorded, event))
    elif _OF_A_JOB[type(event)]:
        row = rows.get(event.job_id)  # type: ignore[attr-defined]
        rows.put(row._replace(**_changes(row, event), updated_at=event.timestamp))


_OF_A_JOB = Kinds(
    events.GenerationStarted,
    events.GenerationAttemptFailed,
    events.GenerationFailed,
    events.DescriptionGenerated,
    events.GenerationSatisfied,
    events.GenerationRetryRequested,
    events.GenerationCancelled,
)
_BEGINS = Kinds(events.GenerationRequested)


def _jobs(batch: Sequence[Recorded], kinds: Kinds) -> set[UUID]:
    return {one.event.job_id for one in batch if kinds[type(one.event)]}  # type: ignore[attr-defined]


_WITHOUT_CLAIM: dict[str, Any] = {"worker_id": None, "claim_expires_at": None}
_WITHOUT_FAILURE: dict[str, Any] = {
    "failure_type": None,
    "failure_message": None,
    "failure_technical_message": None,
}


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


def _changes(row: JobRow, event: events.Event) -> dict[str, Any]:
    match event:
        case events.GenerationStarted():
            return _WITHOUT_FAILURE | {
                "status": JobStatus.IN_PROGRESS,
                "attempts": event.attempt,
                "next_attempt_at": None,
                "worker_id": event.worker_id,
                "claim_expires_at": event.claim_expires_at,
            }
        case events.DescriptionGenerated() | events.GenerationSatisfied():
            done = {
                "status": JobStatus.DONE,
                "description_id": event.description_id,
                "next_attempt_at": None,
            }
            return _WITHOUT_CLAIM | _WITHOUT_FAILURE | done
        case events.GenerationAttemptFailed():
            return _failure(event) | {
                "status": JobStatus.PENDING,
                "next_attempt_at": event.next_attempt_at,
                "max_attempts": row.max_attempts + event.spared,
            }
        case events.GenerationFailed():
            return _failure(event) | {"status": JobStatus.FAILED}
        case events.GenerationRetryRequested():
            return {"status": JobStatus.PENDING, "max_attempts": row.attempts + MAX_TRIES}
        case events.GenerationCancelled():
            return _WITHOUT_CLAIM | {"status": JobStatus.CANCELLED, "next_attempt_at": None}
    return {}


def _failure(event: events.GenerationAttemptFailed | events.GenerationFailed) -> dict[str, Any]:
    return _WITHOUT_CLAIM | {
        "failure_type": event.failure_type,
        "failure_message": event.message,
        "failure_technical_message": event.technical_message,
    }
