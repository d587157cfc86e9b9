"""The spending view: what each attempt's calls of a paid model took."""

from collections.abc import Collection, Sequence
from typing import Any, cast, get_args

from application.event_log import Recorded
from application.projections.kinds import Kinds
from application.spending import REQUEST, SpendingKey, SpendingRow
from application.view import Rows
from domain import events

OFFLINE = "template"
"""The writer that calls no model, and of which events hold an entry of no cost all the same."""

MOST = 10**15
"""Of tokens or micro-USD in a row. A provider may say what it likes, and sums must fit their columns."""


_WithCalls = events.DescriptionGenerated | events.GenerationAttemptFailed | events.StaleResultRejected
_WITH_CALLS = Kinds(*get_args(_WithCalls))
_BEGINS = Kinds(events.GenerationRequested)


def spending_of(batch: Sequence[Recorded]) -> Collection[SpendingKey]:
    requests = [cast(events.GenerationRequested, one.event) for one in batch if _BEGINS[type(one.event)]]
    begun = {event.job_id for event in requests}
    attempts = [cast(_WithCalls, one.event) for one in batch if _WITH_CALLS[type(one.event)]]
    return {
        (event.job_id, attempt)
        for event in attempts
        if event.job_id not in begun
        for attempt in (REQUEST, event.attempt)
    }


def fold_spending(recorded: Recorded, rows: Rows[SpendingKey, SpendingRow]) -> None:
    """Of several events that tell of one attempt the last is right: a worker that was taken for lost came
    back, and knows what its call cost."""
    event = recorded.event
    if isinstance(event, events.GenerationRequested):
        rows.put(_requested(recorded, event))
    elif _WITH_CALLS[type(event)]:
        attempt = cast(_WithCalls, event)
        calls = [call for call in attempt.calls if call["model"] != OFFLINE]
        if calls:
            rows.put(_attempted(recorded, attempt, calls, rows.get((attempt.job_id, REQUEST))))


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
    recorded: Recorded, event: _WithCalls, calls: Sequence[dict[str, Any]], request: SpendingRow
) -> SpendingRow:
    """An attempt is one call; of several, the last is the one that its end is about."""
    return request._replace(
        attempt=event.attempt,
        at=event.timestamp,
        model=calls[-1]["model"],
        calls=len(calls),
        tokens_in=_known(calls, "tokens_in"),
        tokens_out=_known(calls, "tokens_out"),
        cost_microusd=_known(calls, "cost_microusd"),
        unknown_cost_calls=sum(call["cost_microusd"] is None for call in calls),
        latency_ms=_known(calls, "latency_ms"),
        outcome=calls[-1]["outcome"],
        is_accepted=isinstance(event, events.DescriptionGenerated),
        position=recorded.position,
    )


def _known(calls: Sequence[dict[str, Any]], name: str) -> int:
    return min(sum(call[name] or 0 for call in calls), MOST)
