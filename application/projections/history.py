"""The history view: every event of a film, readable, at its position in the log."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from application.event_log import Recorded
from application.read_models import HistoryRow
from application.view import Rows
from domain.events import Event

_ENVELOPE = {
    "originator_id",
    "originator_version",
    "originator_topic",
    "timestamp",
    "actor",
    "correlation_id",
}


def fold_history(recorded: Recorded, rows: Rows[int, HistoryRow]) -> None:
    event = recorded.event
    rows.put(
        HistoryRow(
            position=recorded.position,
            slug=recorded.slug,
            version=recorded.version,
            event=type(event).__name__,
            at=event.timestamp,
            actor=event.actor,
            correlation_id=event.correlation_id,
            data=_own_fields(event),
        )
    )


def _own_fields(event: Event) -> dict[str, Any]:
    return {
        name: value if (write := _WRITTEN.get(type(value))) is None else write(value)
        for name, value in vars(event).items()
        if name not in _ENVELOPE
    }


_WRITTEN: dict[type, Callable[[Any], str]] = {UUID: str, datetime: datetime.isoformat}
