"""The queue's switch on PostgreSQL."""

from datetime import datetime
from typing import Any

from application.errors import StoreUnavailable
from application.queue_switch import QueueState, QueueSwitch
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS queue_switch (
    is_paused boolean NOT NULL, dispatch_round bigint NOT NULL,
    changed_by text, changed_at timestamptz, reason text
);
CREATE UNIQUE INDEX IF NOT EXISTS queue_switch_has_one_row ON queue_switch ((true));
INSERT INTO queue_switch SELECT false, 0 WHERE NOT EXISTS (SELECT 1 FROM queue_switch);
"""

_AGAIN = "dispatch_round = dispatch_round + 1, changed_by = %s, changed_at = %s"


class PostgresQueueSwitch(QueueSwitch):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def state(self) -> QueueState:
        with self._datastore.reading() as cursor:
            cursor.execute("SELECT * FROM queue_switch")
            row = cursor.fetchone()
            if row is None:
                raise StoreUnavailable("its table queue_switch is empty; run: moviemind schema create")
            return QueueState(**row)

    def pause(self, *, by: str, at: datetime, reason: str) -> None:
        self._update("is_paused = true, changed_by = %s, changed_at = %s, reason = %s", by, at, reason)

    def resume(self, *, by: str, at: datetime) -> None:
        self._update(f"is_paused = false, reason = NULL, {_AGAIN}", by, at)

    def send_again(self, *, by: str, at: datetime) -> None:
        self._update(_AGAIN, by, at)

    def _update(self, assignments: str, *values: Any) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(f"UPDATE queue_switch SET {assignments}", values)
