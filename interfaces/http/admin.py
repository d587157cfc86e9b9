"""/v1/admin: what operators look at and switch."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request, Response

from application.api_keys import Scope
from application.commands.pause_queue import PauseQueue, pause_queue
from application.commands.recover_queue import RecoverQueue, recover_queue
from application.commands.resume_queue import ResumeQueue, resume_queue
from application.commands.retry_failed_generations import RetryFailedGenerations, retry_failed_generations
from application.projections.projection import ViewName
from application.queue_switch import QueueState
from application.read_models import JobSearch
from application.reading import catch_up
from domain.values import FailureType, JobStatus
from interfaces.http import cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import Caller, Cursor, Limit, Service
from interfaces.http.measuring import messages_waiting
from interfaces.http.schemas.admin import (
    FailedJobsPage,
    NotRetried,
    ProjectionsAnswer,
    QueueAnswer,
    RetriedJobs,
    WorkerAnswer,
    WorkersAnswer,
)
from interfaces.http.schemas.bodies import PauseBody, RebuildBody, RetryFailedBody
from interfaces.http.schemas.generation import JobAnswer
from interfaces.http.scopes import needs
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/admin", tags=["admin"], dependencies=needs(Scope.ADMIN))

log = structlog.get_logger()

ErrorType = Annotated[FailureType | None, Query(description="only jobs that failed so")]


@router.get("/queues", response_model=QueueAnswer, responses=problems.declared(403))
def show_queues(service: Service) -> Response:
    """Whether jobs are started, and how many wait."""
    return json_answer(_queue(service.switch.state(), service))


@router.post("/queues/pause", response_model=QueueAnswer, responses=problems.declared(400, 403, 413, 422))
def pause_queues(body: PauseBody, service: Service, caller: Caller) -> Response:
    """Start no more jobs. Requests are still accepted; attempts that run may finish."""
    command = PauseQueue(reason=body.reason, by=caller)
    return json_answer(
        _queue(pause_queue(command, switch=service.switch, clock=service.generations.clock), service)
    )


@router.post("/queues/resume", response_model=QueueAnswer, responses=problems.declared(403))
def resume_queues(service: Service, caller: Caller) -> Response:
    """Start jobs again."""
    command = ResumeQueue(by=caller)
    return json_answer(
        _queue(resume_queue(command, switch=service.switch, clock=service.generations.clock), service)
    )


@router.post("/queues/recover", response_model=QueueAnswer, responses=problems.declared(403))
def recover_queues(service: Service, caller: Caller) -> Response:
    """Send everything due to the queue again, as after a loss of messages, and ask a provider again that is
    left alone. In vain, it harms nobody."""
    state = recover_queue(
        RecoverQueue(by=caller),
        switch=service.switch,
        clock=service.generations.clock,
        gate=service.gate,
    )
    return json_answer(_queue(state, service))


@router.get("/workers", response_model=WorkersAnswer, responses=problems.declared(403))
def list_workers(service: Service) -> Response:
    """Worker processes that give signs of life."""
    return json_answer(WorkersAnswer(items=[WorkerAnswer.of(worker) for worker in service.live_workers()]))


@router.get("/projections", response_model=ProjectionsAnswer, responses=problems.declared(403))
def list_projections(service: Service) -> Response:
    """How far each view has followed the events, what keeps one that does not, and how a rebuild goes."""
    return json_answer(_projections(service))


@router.post(
    "/projections/rebuild",
    status_code=202,
    response_model=ProjectionsAnswer,
    responses=problems.declared(400, 403, 409, 413, 422),
)
def rebuild_projections(body: RebuildBody, service: Service, caller: Caller) -> Response:
    """Fold views anew from the first event, in a process of its own, beside those in use, which they then
    replace. Answered when it has begun; ask where `Location` says how it goes."""
    views = body.views or [*ViewName]
    service.rebuild_processes.start(views)
    log.info("rebuild.asked", views=[str(view) for view in views], by=caller.id)
    return json_answer(
        _projections(service), status=202, headers={"Location": f"{router.prefix}/projections"}
    )


@router.get("/failed-jobs", response_model=FailedJobsPage, responses=problems.declared(400, 403, 410, 422))
def list_failed_jobs(
    service: Service,
    request: Request,
    error_type: ErrorType = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Jobs that failed for good, the newest request first, and how many of each type there are."""
    catch_up(service.jobs, service.log)
    epoch = service.log_epoch()
    rows = service.jobs.list(
        JobSearch(status=JobStatus.FAILED, failure_type=error_type),
        before=cursors.decode(cursor, epoch=epoch) if cursor else None,
        limit=limit + 1,
    )
    following = following_cursor(rows, limit, lambda row: cursors.encode(epoch, row.position))
    page = FailedJobsPage(
        by_type=service.jobs.failures_by_type(),
        items=[JobAnswer.of(row) for row in rows[:limit]],
        next_cursor=following,
    )
    return json_answer(page, headers=link_next(request, following))


@router.post(
    "/failed-jobs/retry", response_model=RetriedJobs, responses=problems.declared(400, 403, 410, 413, 422)
)
def retry_failed_jobs(body: RetryFailedBody, service: Service, caller: Caller) -> Response:
    """Give all failed jobs new tries, or those of one type, some at a time."""
    epoch = service.log_epoch()
    command = RetryFailedGenerations(
        failure_type=body.error_type,
        before=cursors.decode(body.cursor, epoch=epoch) if body.cursor else None,
        limit=body.limit,
        reason=body.reason,
        by=caller,
    )
    catch_up(service.jobs, service.log)
    outcome = retry_failed_generations(command, generations=service.generations, jobs=service.jobs)
    refused = [
        NotRetried(job_id=str(job_id), type=error.code, detail=str(error))
        for job_id, error in outcome.refused
    ]
    next_cursor = cursors.encode(epoch, outcome.next_before) if outcome.next_before else None
    return json_answer(RetriedJobs(retried=outcome.retried, refused=refused, next_cursor=next_cursor))


def _projections(service: MovieMind) -> ProjectionsAnswer:
    return ProjectionsAnswer.of(
        service.views, log=service.log, epoch=service.log_epoch(), rebuild=service.rebuilds.newest()
    )


def _queue(state: QueueState, service: MovieMind) -> QueueAnswer:
    now = service.generations.clock()
    counts = service.jobs.counts(now)
    return QueueAnswer.of(
        state,
        driver=service.queue_driver,
        messages_waiting=messages_waiting(service),
        jobs=counts.by_status,
        oldest_wait_seconds=counts.oldest_wait_seconds(now),
        workers=len(service.live_workers()),
        provider=service.gate.status() if service.gate else None,
    )
