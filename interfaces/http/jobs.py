"""/v1/jobs."""

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from application.api_keys import Scope
from application.commands.cancel_generation import CancelGeneration, cancel_generation
from application.commands.retry_generation import RetryGeneration, retry_generation
from application.errors import ReadBehind, StoreUnavailable
from application.read_models import JobRow, JobSearch
from application.reading import catch_up, find
from domain.errors import JobNotFound
from domain.job import Job
from domain.values import MAX_TRIES, JobStatus
from interfaces.http import cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import Caller, Cursor, Limit, Moment, PlainFilter, Service
from interfaces.http.schemas.bodies import RetryBody
from interfaces.http.schemas.generation import JobAnswer, JobsPage
from interfaces.http.scopes import needs
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=needs(Scope.READ))


@router.get("", response_model=JobsPage, responses=problems.declared(400, 410, 422))
def list_jobs(
    service: Service,
    request: Request,
    status: JobStatus | None = None,
    slug: PlainFilter = None,
    since: Annotated[Moment | None, Query(description="requested at or after this moment")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs, the newest request first; complete as of when it was asked."""
    catch_up(service.jobs, service.log)
    epoch = service.log_epoch()
    rows = service.jobs.list(
        JobSearch(status=status, slug=slug, since=since),
        before=cursors.decode(cursor, epoch=epoch) if cursor else None,
        limit=limit + 1,
    )
    following = following_cursor(rows, limit, lambda row: cursors.encode(epoch, row.position))
    page = JobsPage(items=[JobAnswer.of(row) for row in rows[:limit]], next_cursor=following)
    return json_answer(page, headers=link_next(request, following))


@router.get("/{job_id}", response_model=JobAnswer, responses=problems.declared(404, 422))
def show_job(job_id: UUID, service: Service) -> Response:
    """Where a job stands."""
    return json_answer(JobAnswer.of(job_row(job_id, service)))


@router.delete(
    "/{job_id}",
    status_code=202,
    response_model=JobAnswer,
    responses=problems.declared(403, 404, 409, 422),
    dependencies=needs(Scope.GENERATE),
)
def cancel_job(job_id: UUID, service: Service, caller: Caller) -> Response:
    """Cancel a job that is not final yet; a text that arrives later is refused."""
    job_row(job_id, service)
    command = CancelGeneration(job_id=job_id, reason="cancelled by request", by=caller)
    return _accepted(cancel_generation(command, generations=service.generations, jobs=service.jobs), service)


@router.post(
    "/{job_id}/retry",
    status_code=202,
    response_model=JobAnswer,
    responses=problems.declared(400, 403, 404, 409, 413, 422),
    dependencies=needs(Scope.GENERATE),
)
def retry_job(job_id: UUID, service: Service, caller: Caller, body: RetryBody | None = None) -> Response:
    """Give a failed job new tries."""
    job_row(job_id, service)
    command = RetryGeneration(job_id=job_id, reason=(body or RetryBody()).reason, by=caller)
    return _accepted(retry_generation(command, generations=service.generations, jobs=service.jobs), service)


def job_row(job_id: UUID, service: Service) -> JobRow:
    """Raises JobNotFound."""
    row = find(lambda: service.jobs.get(job_id), view=service.jobs, log=service.log)
    if row is None:
        raise JobNotFound(job_id)
    return row


def _accepted(job: Job, service: MovieMind) -> Response:
    """The job as the command left it: it has happened, even when the view is too slow to show it."""
    with suppress(ReadBehind, StoreUnavailable):
        catch_up(service.jobs, service.log)
    failure = job.failure
    as_left = job_row(job.job_id, service)._replace(
        status=job.status,
        attempts=job.attempt,
        max_attempts=job.attempt - job.tries + MAX_TRIES,
        next_attempt_at=job.due_at,
        description_id=job.description_id,
        failure_type=failure.type if failure else None,
        failure_message=failure.message if failure else None,
        failure_technical_message=failure.technical_message if failure else None,
    )
    return json_answer(JobAnswer.of(as_left), status=202)
