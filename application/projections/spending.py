"""The spending view: what each attempt's calls of a paid model took."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from application.event_log import Recorded
from application.spending import REQUEST, SpendingRow, SpendingRows
from domain import events

MOST = 10**15
"""Of tokens or micro-USD in a row. A provider may say what it likes, and sums must fit their columns."""


def fold_spending(recorded: Recorded, rows: SpendingRows) -> None:
    """Of several events that tell of one attempt the last is right: a worker that was taken for lost came
    back, and knows what its call cost."""
    event = recorded.event
    if isinstance(event, events.GenerationRequested):
        rows.put(_requested(recorded, event))
    elif isinstance(event, _WITH_CALLS) and event.calls:
        rows.put(_attempted(recorded, event, rows.get((event.job_id, REQUEST))))


_WITH_CALLS = events.DescriptionGenerated | events.GenerationAttemptFailed | events.StaleResultRejected


def _requested(recorded: Recorded, event: events.GenerationRequested) -> SpendingRow:
    return SpendingRow(
        job_id=event.job_id,
        attempt=REQUEST,
        slug=recorded.slug,
        locale=event.locale,
        context_tag=event.context_tag,
        requested_by=event.actor,
        at=event.timestamp,
        position=recorded.position,
    )


def _attempted(
    recorded: Recorded,
    event: events.DescriptionGenerated | events.GenerationAttemptFailed | events.StaleResultRejected,
    request: SpendingRow,
) -> SpendingRow:
    """An attempt is one call; of several, the last is the one that its end is about."""
    return replace(
        request,
        attempt=event.attempt,
        at=event.timestamp,
        model=event.calls[-1]["model"],
        calls=len(event.calls),
        tokens_in=_known(event.calls, "tokens_in"),
        tokens_out=_known(event.calls, "tokens_out"),
        cost_microusd=_known(event.calls, "cost_microusd"),
        unknown_cost_calls=sum(call["cost_microusd"] is None for call in event.calls),
        latency_ms=_known(event.calls, "latency_ms"),
        outcome=event.calls[-1]["outcome"],
        is_accepted=isinstance(event, events.DescriptionGenerated),
        position=recorded.position,
    )


def _known(calls: Sequence[dict[str, Any]], name: str) -> int:
    return min(sum(call[name] or 0 for call in calls), MOST)
