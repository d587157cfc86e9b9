"""The throughput view: how often what happened, minute by minute."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from application.event_log import Recorded
from application.throughput import ThroughputRow
from application.view import BatchRows
from domain import events

_COUNTED_AS = {
    events.GenerationRequested.__name__: "jobs_requested",
    events.GenerationStarted.__name__: "attempts_started",
    events.DescriptionGenerated.__name__: "texts_accepted",
    events.GenerationAttemptFailed.__name__: "attempts_failed",
    events.GenerationFailed.__name__: "jobs_failed",
    events.StaleResultRejected.__name__: "results_refused",
    events.GenerationCancelled.__name__: "jobs_cancelled",
}
"""By name, because the library makes classes of its own of ours, and to look through them takes longer."""


def minutes_of(batch: Sequence[Recorded]) -> Collection[str]:
    return {_minute(one.event.timestamp) for one in batch if type(one.event).__name__ in _COUNTED_AS}


def fold_throughput(recorded: Recorded, rows: BatchRows[str, ThroughputRow]) -> None:
    counted_as = _COUNTED_AS.get(type(recorded.event).__name__)
    if counted_as is not None:
        minute = _minute(recorded.event.timestamp)
        row = rows.find(minute) or ThroughputRow(minute)
        rows.put(row._replace(**{counted_as: getattr(row, counted_as) + 1}))


@lru_cache(maxsize=2_048)  # each event is asked twice, once with its batch
def _minute(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()[: len("2026-01-31T12:34")]
