"""What is measured of the service, for people (/health) and for Prometheus (/metrics)."""

from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread

from application.errors import QueueUnavailable
from application.gate_status import GateStatus
from application.reading import lag, seconds_behind
from application.tallies import Tally
from domain.values import JobStatus
from interfaces.service import MovieMind, RedisState

_PROBES, _LOOKS = CapacityLimiter(4), CapacityLimiter(4)
"""Threads of their own: those for requests are all waiting when the store is away, for some seconds each,
and one that counts can hang with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Of the whole installation, the same from every process.

    `messages_waiting` is None when the queue cannot be reached, or takes no more; `oldest_wait_seconds`, of a
    due job that no worker has started, when there is none; `redis` where there is no Redis, and `provider`
    where writing is free. By the names of the views, `lag` is in events, and `seconds_behind` how long a view
    has not followed the next one.
    """

    jobs: dict[JobStatus, int]
    oldest_wait_seconds: float | None
    messages_waiting: int | None
    is_paused: bool
    redis: RedisState | None
    provider: GateStatus | None
    workers: int
    lag: dict[str, int]
    seconds_behind: dict[str, float]
    tallies: dict[Tally, int]


async def probe(service: MovieMind) -> None:
    """Raises StoreUnavailable when the event store cannot be written."""
    await to_thread.run_sync(service.probe_store, limiter=_PROBES)


async def measure(service: MovieMind) -> Measured:
    """Raises StoreUnavailable."""
    await probe(service)
    return await to_thread.run_sync(_measured, service, limiter=_LOOKS)


def messages_waiting(service: MovieMind) -> int | None:
    """Messages no worker has taken; None when the queue cannot be reached, or takes no more."""
    try:
        service.queue.epoch()  # which is written where it is missing: a full Redis or a replica refuses
        return service.queue.waiting()
    except QueueUnavailable:
        return None


def _measured(service: MovieMind) -> Measured:
    behind = lag(service.views, service.log)
    now = service.generations.clock()
    counts = service.jobs.counts(now)
    return Measured(
        jobs=counts.by_status,
        oldest_wait_seconds=counts.oldest_wait_seconds(now),
        messages_waiting=messages_waiting(service),
        is_paused=service.switch.state().is_paused,
        redis=service.redis_state(),
        provider=service.gate.status() if service.gate else None,
        workers=len(service.live_workers()),
        lag=behind,
        seconds_behind=seconds_behind(service.views, service.log, now=now),
        tallies=service.tallies.totals(),
    )
