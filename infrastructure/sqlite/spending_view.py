"""The spending view on SQLite."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from eventsourcing.sqlite import SQLiteCursor

from application.spending import GroupBy, Spending, SpendingRow, SpendingRows, SpendingView
from infrastructure.spending_sums import SUMS, order, spending
from infrastructure.sqlite.columns import column, insert
from infrastructure.sqlite.view_store import ViewStore
from infrastructure.views import ChangedRows

SCHEMA = """
CREATE TABLE spending (
    job_id TEXT NOT NULL, attempt INTEGER NOT NULL, slug TEXT NOT NULL, locale TEXT NOT NULL,
    context_tag TEXT NOT NULL, requested_by TEXT NOT NULL, at TEXT NOT NULL, model TEXT,
    calls INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL, unknown_cost_calls INTEGER NOT NULL, latency_ms INTEGER NOT NULL,
    outcome TEXT, is_accepted INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (job_id, attempt)
);
CREATE INDEX spending_by_time ON spending (at) WHERE calls > 0;
"""

_NAMES = {GroupBy.DAY: "substr(at, 1, 10)", GroupBy.REQUESTER: "requested_by"}


class SqliteSpendingView(SpendingView):
    _COLUMNS = tuple(field.name for field in fields(SpendingRow))
    _UPSERT = insert("spending", _COLUMNS, or_replace=True)

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[SpendingRows]:
        with self._store.folding(self.name, after=after, up_to=up_to) as cursor:
            changed = ChangedRows[tuple[UUID, int], SpendingRow](
                lambda key: _row(cursor, key), lambda row: (row.job_id, row.attempt)
            )
            yield changed
            cursor.executemany(self._UPSERT, [self._values(row) for row in changed.all()])

    def between(self, first: date, last: date, group_by: GroupBy) -> Spending:
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT {_NAMES.get(group_by, group_by)} AS name, {SUMS} FROM spending"
                f" WHERE calls > 0 AND at BETWEEN ? AND ? GROUP BY name ORDER BY {order(group_by)}",
                (
                    column(datetime.combine(first, time.min, UTC)),
                    column(datetime.combine(last, time.max, UTC)),
                ),
            )
            return spending(cursor.fetchall())

    def _values(self, row: SpendingRow) -> tuple[Any, ...]:
        return tuple(column(getattr(row, name)) for name in self._COLUMNS)


def _row(cursor: SQLiteCursor, key: tuple[UUID, int]) -> SpendingRow | None:
    job_id, attempt = key
    cursor.execute("SELECT * FROM spending WHERE job_id = ? AND attempt = ?", (str(job_id), attempt))
    row: sqlite3.Row | None = cursor.fetchone()
    if row is None:
        return None
    typed = {
        "job_id": job_id,
        "at": datetime.fromisoformat(row["at"]),
        "is_accepted": bool(row["is_accepted"]),
    }
    return SpendingRow(**dict(row) | typed)
