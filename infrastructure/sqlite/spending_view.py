"""The spending view on SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from uuid import UUID

from application.spending import (
    GroupBy,
    RefusedSearch,
    RefusedSum,
    Spending,
    SpendingKey,
    SpendingRow,
    SpendingView,
)
from application.view import Place
from infrastructure.spending_sums import (
    REFUSED,
    REFUSED_SUMS,
    SUMS,
    order,
    refused_sum,
    spending,
    wanted_refused,
)
from infrastructure.sqlite.columns import column, columns_of
from infrastructure.sqlite.view_table import SqliteView, ViewTable
from infrastructure.views import NEWEST_FIRST, newest_first

SCHEMA = """
CREATE TABLE {table} (
    job_id TEXT NOT NULL, attempt INTEGER NOT NULL, slug TEXT NOT NULL, locale TEXT NOT NULL,
    context_tag TEXT NOT NULL, requested_by TEXT NOT NULL, at TEXT NOT NULL, model TEXT,
    calls INTEGER NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    cost_microusd INTEGER NOT NULL, unknown_cost_calls INTEGER NOT NULL, latency_ms INTEGER NOT NULL,
    outcome TEXT, is_accepted INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (job_id, attempt)
);
CREATE INDEX {table}_by_time ON {table} (at) WHERE calls > 0;
CREATE INDEX {table}_refused ON {table} (at, position) WHERE calls > 0 AND NOT is_accepted;
CREATE INDEX {table}_refused_of_a_model ON {table} (model, at, position) WHERE calls > 0 AND NOT is_accepted;
"""

_NAMES = {GroupBy.DAY: "substr(at, 1, 10)", GroupBy.REQUESTER: "requested_by"}


def _spending_row(row: sqlite3.Row) -> SpendingRow:
    typed = {
        "job_id": UUID(row["job_id"]),
        "at": datetime.fromisoformat(row["at"]),
        "is_accepted": bool(row["is_accepted"]),
    }
    return SpendingRow(**dict(row) | typed)


class SqliteSpendingView(SqliteView[SpendingKey, SpendingRow], SpendingView):
    table = ViewTable(
        schema=SCHEMA,
        columns=SpendingRow._fields,
        key=("job_id", "attempt"),
        key_of=lambda row: (row.job_id, row.attempt),
        values=columns_of,
        row=_spending_row,
    )

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

    def refused(self, search: RefusedSearch, *, before: Place | None, limit: int) -> Sequence[SpendingRow]:
        where, values = newest_first(wanted_refused(search), before, "?")
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM spending WHERE {REFUSED} AND {where} ORDER BY {NEWEST_FIRST} LIMIT ?",
                (*map(column, values), limit),
            )
            return [_spending_row(row) for row in cursor.fetchall()]

    def refused_sum(self, search: RefusedSearch) -> RefusedSum:
        where, values = newest_first(wanted_refused(search), None, "?")
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT {REFUSED_SUMS} FROM spending WHERE {REFUSED} AND {where}", [*map(column, values)]
            )
            return refused_sum(cursor.fetchone())
