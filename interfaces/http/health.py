"""Whether the service lives, can be used, and how it is doing."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from application.errors import StoreUnavailable
from application.reading import lag
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service
from interfaces.service import MovieMind

router = APIRouter(prefix="/health", tags=["health"])

LAG_IS_DEGRADED = 5_000
"""Events; counting stops there."""


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class QueueHealth(BaseModel):
    jobs: dict[JobStatus, int]
    oldest_wait_seconds: float | None = Field(description="of a due job that no worker has started")


class Health(BaseModel):
    """`degraded`: usable, but no worker is alive or a view lags far behind."""

    status: Literal["ok", "degraded", "unavailable"]
    store: Literal["ok", "unavailable"]
    queue: QueueHealth | None
    workers: int | None
    projection_lag: dict[str, int] | None = Field(
        description=f"events behind the head of the log, {LAG_IS_DEGRADED} for that many and more"
    )


@router.get("/live", response_model=Alive, responses=problems.declared(is_public=True))
async def live() -> Response:
    """The process answers."""
    return json_answer(Alive())


@router.get("/ready", response_model=Alive, responses=problems.declared(is_public=True))
def ready(service: Service) -> Response:
    """The event store can be written."""
    service.probe_store()
    return json_answer(Alive())


@router.get(
    "",
    response_model=Health,
    responses={
        **problems.declared(500),
        503: {"model": Health, "description": "The event store cannot be used"},
    },
)
def health(service: Service) -> Response:
    """How the service is doing."""
    try:
        return json_answer(_measured(service))
    except StoreUnavailable:
        down = Health(
            status="unavailable", store="unavailable", queue=None, workers=None, projection_lag=None
        )
        return json_answer(down, status=503)


def _measured(service: MovieMind) -> Health:
    service.probe_store()
    views = (service.jobs, service.movies, service.history)
    behind = lag(views, service.log, at_most=LAG_IS_DEGRADED)
    now = service.generations.clock()
    counts = service.jobs.counts(now)
    workers = len(service.live_workers())
    is_ok = workers > 0 and max(behind.values()) < LAG_IS_DEGRADED
    return Health(
        status="ok" if is_ok else "degraded",
        store="ok",
        queue=QueueHealth(
            jobs=counts.by_status, oldest_wait_seconds=seconds_since(counts.oldest_due_at, now)
        ),
        workers=workers,
        projection_lag=behind,
    )


def seconds_since(since: datetime | None, now: datetime) -> float | None:
    """How long something has been waiting; None when nothing has."""
    return None if since is None else round((now - since).total_seconds(), 3)
