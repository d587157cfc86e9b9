"""/metrics: what is measured, for Prometheus.

All of it is read from the store when it is asked for; no process keeps a metric of its own.
"""

from collections.abc import Callable, Iterator

from fastapi import APIRouter, Response
from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from application.api_keys import Scope
from application.circuit_breaker import BreakerState
from application.errors import StoreUnavailable
from application.tallies import Tally
from domain.values import JobStatus
from interfaces.http import problems
from interfaces.http.dependencies import Service
from interfaces.http.measuring import Measured, measure
from interfaces.http.scopes import needs

router = APIRouter(tags=["health"])


class PrometheusText(Response):
    media_type = CONTENT_TYPE_PLAIN_0_0_4


@router.get(
    "/metrics",
    response_class=PrometheusText,
    responses=problems.declared(),
    dependencies=needs(Scope.READ),
)
async def metrics(service: Service) -> Response:
    """Metrics in Prometheus' text format; while the store is away only `moviemind_store_up`, which is 0."""
    try:
        measured = await measure(service)
    except StoreUnavailable:
        measured = None
    return PrometheusText(generate_latest(Metrics(measured)))


class Metrics(Collector):
    """Of what was measured; None when the store was away."""

    def __init__(self, measured: Measured | None) -> None:
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        is_up = self._measured is not None
        yield GaugeMetricFamily("moviemind_store_up", "Whether the event store can be written.", is_up)
        if self._measured is not None:
            for families in FAMILIES:
                yield from families(self._measured)


def _jobs(measured: Measured) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("moviemind_jobs", "Jobs there ever were, by status.", labels=["status"])
    for status in JobStatus:
        jobs.add_metric([status.value], measured.jobs.get(status, 0))
    yield jobs
    yield GaugeMetricFamily(
        "moviemind_oldest_wait_seconds",
        "How long the oldest due job has been waiting for a worker; 0 when none waits.",
        measured.oldest_wait_seconds or 0,
    )


def _queue(measured: Measured) -> Iterator[Metric]:
    yield GaugeMetricFamily("moviemind_queue_paused", "Whether no job is started.", measured.is_paused)
    waiting = GaugeMetricFamily(
        "moviemind_messages_waiting",
        "Messages that no worker has taken; without a value while the queue takes none.",
    )
    if measured.messages_waiting is not None:
        waiting.add_metric([], measured.messages_waiting)
    yield waiting


def _workers(measured: Measured) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "moviemind_workers", "Worker processes that give signs of life.", measured.workers
    )


def _provider(measured: Measured) -> Iterator[Metric]:
    """Nothing where writing is free."""
    provider = measured.provider
    if provider is None:
        return
    breaker = GaugeMetricFamily(
        "moviemind_provider_breaker", "1 for the state the circuit breaker is in.", labels=["state"]
    )
    for state in BreakerState:
        breaker.add_metric([state.value], provider.state is state)
    yield breaker
    yield CounterMetricFamily(
        "moviemind_provider_openings", "How often the breaker has opened.", provider.breaker.opened_ever
    )
    yield GaugeMetricFamily(
        "moviemind_paid_calls_under_way", "Calls that are admitted and not settled.", provider.under_way
    )
    money = GaugeMetricFamily(
        "moviemind_spending_today_microusd",
        "Of the UTC day: spent, reserved by calls under way, and the budget if there is one.",
        labels=["account"],
    )
    money.add_metric(["spent"], provider.today.spent)
    money.add_metric(["reserved"], provider.today.reserved)
    if provider.limits.budget_microusd is not None:
        money.add_metric(["budget"], provider.limits.budget_microusd)
    yield money


def _views(measured: Measured) -> Iterator[Metric]:
    lag = GaugeMetricFamily(
        "moviemind_projection_lag_events", "Events a view is behind the log, 5,000 at most.", labels=["view"]
    )
    for view, events in measured.lag.items():
        lag.add_metric([view], events)
    yield lag


def _tallies(measured: Measured) -> Iterator[Metric]:
    for tally, total in measured.tallies.items():
        yield CounterMetricFamily(f"moviemind_{tally.value}", _ABOUT[tally], total)


_ABOUT = {
    Tally.DUPLICATES_PREVENTED: "Texts that were asked for and there or being written already; approximate.",
    Tally.ORDERS_REFUSED: "Requests refused because they read like an order to a model; approximate.",
}

FAMILIES: tuple[Callable[[Measured], Iterator[Metric]], ...] = (
    _jobs,
    _queue,
    _workers,
    _provider,
    _views,
    _tallies,
)
"""What is shown of what was measured; a new function here is a new part of /metrics."""
