"""The spending view on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

from application.spending import GroupBy, Spending, SpendingRow, SpendingRows, SpendingView
from infrastructure.postgres.columns import Insert, column
from infrastructure.postgres.view_store import ViewStore
from infrastructure.spending_sums import SUMS, order, spending
from infrastructure.views import ChangedRows

SCHEMA = """
CREATE TABLE IF NOT EXISTS spending (
    job_id uuid NOT NULL, attempt integer NOT NULL, slug text COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL, context_tag text COLLATE "C" NOT NULL,
    requested_by text COLLATE "C" NOT NULL, at timestamptz NOT NULL, model text COLLATE "C",
    calls integer NOT NULL, tokens_in bigint NOT NULL, tokens_out bigint NOT NULL,
    cost_microusd bigint NOT NULL, unknown_cost_calls integer NOT NULL, latency_ms bigint NOT NULL,
    outcome text COLLATE "C", is_accepted boolean NOT NULL, position bigint NOT NULL,
    PRIMARY KEY (job_id, attempt)
);
CREATE INDEX IF NOT EXISTS spending_by_time ON spending (at) WHERE calls > 0;
"""

_NAMES = {
    GroupBy.DAY: "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE \"C\"",
    GroupBy.REQUESTER: "requested_by",
}


class PostgresSpendingView(SpendingView):
    _COLUMNS = tuple(field.name for field in fields(SpendingRow))
    _UPSERT = Insert("spending", _COLUMNS, key="job_id, attempt")

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
            self._UPSERT.run(cursor, [self._values(row) for row in changed.all()])

    def between(self, first: date, last: date, group_by: GroupBy) -> Spending:
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT {_NAMES.get(group_by, group_by)} AS name, {SUMS} FROM spending"
                f" WHERE calls > 0 AND at BETWEEN %s AND %s GROUP BY name ORDER BY {order(group_by)}",
                (datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)),
            )
            return spending(cursor.fetchall())

    def _values(self, row: SpendingRow) -> tuple[Any, ...]:
        return tuple(column(getattr(row, name)) for name in self._COLUMNS)


def _row(cursor: Cursor[DictRow], key: tuple[UUID, int]) -> SpendingRow | None:
    cursor.execute("SELECT * FROM spending WHERE job_id = %s AND attempt = %s", key)
    row = cursor.fetchone()
    return None if row is None else SpendingRow(**row)
