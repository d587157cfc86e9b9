"""Whether the service lives, can be used, and how it is doing."""

from datetime import datetime
from typing import Literal, Self

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from application.circuit_breaker import BreakerState
from application.errors import QueueUnavailable, StoreUnavailable
from application.reading import lag, seconds_behind
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service
from interfaces.http.schemas.provider import ProviderAnswer
from interfaces.service import MovieMind, RedisState

router = APIRouter(prefix="/health", tags=["health"])

LAG_IS_DEGRADED = 5_000
"""Events; counting stops there."""

SECONDS_BEHIND_ARE_DEGRADED = 30.0

_PROBES, _LOOKS = CapacityLimiter(4), CapacityLimiter(4)
"""Threads of their own: those for requests are all waiting when the store is away, for some seconds each,
and one that counts can hang with it."""


class Alive(BaseModel):
    status: Literal["ok"] = "ok"


class QueueHealth(BaseModel):
    driver: str = Field(description="`redis`, `database` or `embedded`")
    is_paused: bool
    messages_waiting: int | None = Field(description="null when the queue cannot be reached, or takes none")
    jobs: dict[JobStatus, int]
    oldest_wait_seconds: float | None = Field(description="of a due job that no worker has started")


class RedisHealth(BaseModel):
    """What it says of itself; `moviemind doctor` tells more, and what to do."""

    status: Literal["ok", "unavailable"]
    appendonly: bool | None
    maxmemory_policy: str | None
    last_writes_ok: bool | None = Field(description="the last AOF write, AOF rewrite and snapshot")

    @classmethod
    def of(cls, state: RedisState) -> Self:
        return cls(
            status="ok" if state.answers else "unavailable",
            appendonly=state.appendonly,
            maxmemory_policy=state.maxmemory_policy,
            last_writes_ok=state.last_writes_ok,
        )


class Health(BaseModel):
    """`degraded`: usable, but the queue or Redis cannot be, Redis cannot keep what it is given, no worker is
    alive, a view lags far behind or stands still, the provider of the model fails, or the budget is spent."""

    status: Literal["ok", "degraded", "unavailable"]
    store: Literal["ok", "unavailable"]
    queue: QueueHealth | None
    redis: RedisHealth | None = Field(description="null where none is set")
    provider: ProviderAnswer | None = Field(description="of a paid model; null where writing is free")
    workers: int | None
    projection_lag: dict[str, int] | None = Field(
        description=f"events behind the head of the log, {LAG_IS_DEGRADED} for that many and more"
    )


@router.get("/live", response_model=Alive, responses=problems.declared(is_public=True))
async def live() -> Response:
    """The process answers."""
    return json_answer(Alive())


@router.get("/ready", response_model=Alive, responses=problems.declared(is_public=True))
async def ready(service: Service) -> Response:
    """The event store can be written."""
    await to_thread.run_sync(service.probe_store, limiter=_PROBES)
    return json_answer(Alive())


@router.get(
    "",
    response_model=Health,
    responses={
        **problems.declared(500),
        503: {"model": Health, "description": "The event store cannot be used"},
    },
)
async def health(service: Service) -> Response:
    """How the service is doing."""
    try:
        await to_thread.run_sync(service.probe_store, limiter=_PROBES)
        return json_answer(await to_thread.run_sync(_measured, service, limiter=_LOOKS))
    except StoreUnavailable:
        down = Health(
            status="unavailable",
            store="unavailable",
            queue=None,
            redis=None,
            provider=None,
            workers=None,
            projection_lag=None,
        )
        return json_answer(down, status=503)


def _measured(service: MovieMind) -> Health:
    views = (service.jobs, service.movies, service.history, service.spending)
    behind = lag(views, service.log, at_most=LAG_IS_DEGRADED)
    now = service.generations.clock()
    seconds = seconds_behind(views, service.log, now=now)
    counts = service.jobs.counts(now)
    workers = len(service.live_workers())
    waiting, redis = messages_waiting(service), service.redis_state()
    provider = service.gate.status() if service.gate else None
    is_ok = (
        workers > 0
        and max(behind.values()) < LAG_IS_DEGRADED
        and max(seconds.values()) < SECONDS_BEHIND_ARE_DEGRADED
        and waiting is not None
        and (redis is None or bool(redis.last_writes_ok))
        and (provider is None or (provider.state is BreakerState.CLOSED and not provider.is_spent))
    )
    return Health(
        status="ok" if is_ok else "degraded",
        store="ok",
        queue=QueueHealth(
            driver=service.queue_driver,
            is_paused=service.switch.state().is_paused,
            messages_waiting=waiting,
            jobs=counts.by_status,
            oldest_wait_seconds=seconds_since(counts.oldest_due_at, now),
        ),
        redis=None if redis is None else RedisHealth.of(redis),
        provider=None if provider is None else ProviderAnswer.of(provider),
        workers=workers,
        projection_lag=behind,
    )


def messages_waiting(service: MovieMind) -> int | None:
    """Messages no worker has taken; None when the queue cannot be reached, or takes no more."""
    try:
        service.queue.epoch()  # which is written where it is missing: a full Redis or a replica refuses
        return service.queue.waiting()
    except QueueUnavailable:
        return None


def seconds_since(since: datetime | None, now: datetime) -> float | None:
    """How long something has been waiting; None when nothing has."""
    return None if since is None else round((now - since).total_seconds(), 3)
