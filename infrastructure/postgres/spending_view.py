"""The spending view on PostgreSQL."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time

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
from infrastructure.postgres.view_table import PostgresView, ViewTable
from infrastructure.spending_sums import (
    REFUSED,
    REFUSED_SUMS,
    SUMS,
    order,
    refused_sum,
    spending,
    wanted_refused,
)
from infrastructure.views import NEWEST_FIRST, newest_first

SCHEMA = """
CREATE TABLE {table} (
    job_id uuid NOT NULL, attempt integer NOT NULL, slug text COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL, context_tag text COLLATE "C" NOT NULL,
    requested_by text COLLATE "C" NOT NULL, at timestamptz NOT NULL, model text COLLATE "C",
    calls integer NOT NULL, tokens_in bigint NOT NULL, tokens_out bigint NOT NULL,
    cost_microusd bigint NOT NULL, unknown_cost_calls integer NOT NULL, latency_ms bigint NOT NULL,
    outcome text COLLATE "C", is_accepted boolean NOT NULL, position bigint NOT NULL,
    PRIMARY KEY (job_id, attempt)
);
CREATE INDEX {table}_by_time ON {table} (at) WHERE calls > 0;
CREATE INDEX {table}_refused ON {table} (at, position) WHERE calls > 0 AND NOT is_accepted;
CREATE INDEX {table}_refused_of_a_model ON {table} (model, at, position) WHERE calls > 0 AND NOT is_accepted;
"""

_NAMES = {
    GroupBy.DAY: "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD') COLLATE \"C\"",
    GroupBy.REQUESTER: "requested_by",
}


class PostgresSpendingView(PostgresView[SpendingKey, SpendingRow], SpendingView):
    table = ViewTable(
        schema=SCHEMA,
        columns=SpendingRow._fields,
        key={"job_id": "uuid", "attempt": "integer"},
        key_of=lambda row: (row.job_id, row.attempt),
        values=lambda row: row,
        row=lambda row: SpendingRow(**row),
    )

    def between(self, first: date, last: date, group_by: GroupBy) -> Spending:
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT {_NAMES.get(group_by, group_by)} AS name, {SUMS} FROM spending"
                f" WHERE calls > 0 AND at BETWEEN %s AND %s GROUP BY name ORDER BY {order(group_by)}",
                (datetime.combine(first, time.min, UTC), datetime.combine(last, time.max, UTC)),
            )
            return spending(cursor.fetchall())

    def refused(self, search: RefusedSearch, *, before: Place | None, limit: int) -> Sequence[SpendingRow]:
        where, values = newest_first(wanted_refused(search), before, "%s")
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM spending WHERE {REFUSED} AND {where} ORDER BY {NEWEST_FIRST} LIMIT %s",
                (*values, limit),
            )
            return [SpendingRow(**row) for row in cursor.fetchall()]

    def refused_sum(self, search: RefusedSearch) -> RefusedSum:
        where, values = newest_first(wanted_refused(search), None, "%s")
        with self._store.reading() as cursor:
            cursor.execute(f"SELECT {REFUSED_SUMS} FROM spending WHERE {REFUSED} AND {where}", values)
            return refused_sum(cursor.fetchone())
