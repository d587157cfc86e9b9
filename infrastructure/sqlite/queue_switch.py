"""The queue's switch on SQLite, in the file of the events: a view store can be thrown away, this cannot."""

from datetime import datetime
from typing import Any

from application.errors import store_errors
from application.queue_switch import QueueState, QueueSwitch
from infrastructure.sqlite.columns import column, moment
from infrastructure.sqlite.datastore import WalDatastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS queue_switch (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), is_paused INTEGER NOT NULL,
    dispatch_round INTEGER NOT NULL, changed_by TEXT, changed_at TEXT, reason TEXT
);
"""
FIRST_ROW = "INSERT OR IGNORE INTO queue_switch VALUES (1, 0, 0, NULL, NULL, NULL)"

_AGAIN = "dispatch_round = dispatch_round + 1, changed_by = ?, changed_at = ?"


class SqliteQueueSwitch(QueueSwitch):
    def __init__(self, datastore: WalDatastore) -> None:
        self._datastore = datastore

    def state(self) -> QueueState:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute("SELECT * FROM queue_switch")
            row = cursor.fetchone()
            return QueueState(
                is_paused=bool(row["is_paused"]),
                dispatch_round=row["dispatch_round"],
                changed_by=row["changed_by"],
                changed_at=moment(row["changed_at"]),
                reason=row["reason"],
            )

    def pause(self, *, by: str, at: datetime, reason: str) -> None:
        self._update("is_paused = 1, changed_by = ?, changed_at = ?, reason = ?", by, at, reason)

    def resume(self, *, by: str, at: datetime) -> None:
        self._update(f"is_paused = 0, reason = NULL, {_AGAIN}", by, at)

    def send_again(self, *, by: str, at: datetime) -> None:
        self._update(_AGAIN, by, at)

    def _update(self, assignments: str, *values: Any) -> None:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(f"UPDATE queue_switch SET {assignments}", [column(value) for value in values])
