"""Whether the service lives, can be used, and how it is doing."""

from typing import Literal, Self

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from application.api_keys import Scope
from application.errors import StoreUnavailable
from application.rate_limits import Counter
from application.reading import LONG_BEHIND_SECONDS, MUCH_LAG
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service
from interfaces.http.measuring import Measured, measure, probe
from interfaces.http.schemas.provider import ProviderAnswer
from interfaces.http.scopes import needs
from interfaces.service import MovieMind, RedisState

router = APIRouter(prefix="/health", tags=["health"])


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
    rate_limits: Counter | None = Field(
        description="where requests are counted: in `redis` for all processes, or by each `process` for"
        " itself, as while Redis is away; null while AUTH is off"
    )
    workers: int | None
    projection_lag: dict[str, int] | None = Field(
        description=f"events behind the head of the log, {MUCH_LAG} for that many and more"
    )


@router.get("/live", response_model=Alive, responses=problems.declared(is_public=True))
async def live() -> Response:
    """The process answers."""
    return json_answer(Alive())


@router.get("/ready", response_model=Alive, responses=problems.declared(is_public=True))
async def ready(service: Service) -> Response:
    """The event store can be written."""
    await probe(service)
    return json_answer(Alive())


@router.get(
    "",
    response_model=Health,
    responses={
        **problems.declared(500),
        503: {"model": Health, "description": "The event store cannot be used"},
    },
    dependencies=needs(Scope.READ),
)
async def health(service: Service) -> Response:
    """How the service is doing."""
    try:
        measured = await measure(service)
    except StoreUnavailable:
        down = Health(
            status="unavailable",
            store="unavailable",
            queue=None,
            redis=None,
            provider=None,
            rate_limits=None,
            workers=None,
            projection_lag=None,
        )
        return json_answer(down, status=503, headers={"Retry-After": str(problems.RETRY_AFTER_SECONDS)})
    return json_answer(_health(measured, service))


def _health(measured: Measured, service: MovieMind) -> Health:
    return Health(
        status="ok" if _is_well(measured) else "degraded",
        store="ok",
        queue=QueueHealth(
            driver=service.queue_driver,
            is_paused=measured.is_paused,
            messages_waiting=measured.messages_waiting,
            jobs=measured.jobs,
            oldest_wait_seconds=measured.oldest_wait_seconds,
        ),
        redis=None if measured.redis is None else RedisHealth.of(measured.redis),
        provider=None if measured.provider is None else ProviderAnswer.of(measured.provider),
        rate_limits=None if service.rate_limits is None else service.rate_limits.counter,
        workers=measured.workers,
        projection_lag=measured.lag,
    )


def _is_well(measured: Measured) -> bool:
    return (
        measured.workers > 0
        and max(measured.lag.values()) < MUCH_LAG
        and max(measured.seconds_behind.values()) < LONG_BEHIND_SECONDS
        and measured.messages_waiting is not None
        and (measured.redis is None or bool(measured.redis.last_writes_ok))
        and (measured.provider is None or measured.provider.lets_through)
    )
