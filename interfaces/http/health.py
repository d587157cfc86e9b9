"""Whether the service lives, can be used, and how it is doing."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from application.errors import StoreUnavailable
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service
from interfaces.service import MovieMind

router = APIRouter(prefix="/health", tags=["health"])

LAG_IS_DEGRADED = 5_000


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
    projection_lag: dict[str, int] | None = Field(description="positions behind the head of the log")


@router.get("/live", response_model=Alive, responses=problems.declared())
async def live() -> Response:
    """The process answers."""
    return json_answer(Alive())


@router.get("/ready", response_model=Alive, responses=problems.declared())
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
    lag = service.projector.lag()
    now = service.generations.clock()
    counts = service.jobs.counts(now)
    workers = len(service.watch.alive())
    is_ok = workers > 0 and max(lag.values()) < LAG_IS_DEGRADED
    return Health(
        status="ok" if is_ok else "degraded",
        store="ok",
        queue=QueueHealth(jobs=counts.by_status, oldest_wait_seconds=_wait(counts.oldest_due_at, now)),
        workers=workers,
        projection_lag=lag,
    )


def _wait(since: datetime | None, now: datetime) -> float | None:
    return None if since is None else round((now - since).total_seconds(), 3)
