"""The history view on PostgreSQL. `data` is `json`, which keeps numbers, texts and order as they are."""

from collections.abc import Collection, Mapping, Sequence

from application.read_models import AuditSearch, HistoryRow, HistoryView
from infrastructure.postgres.view_table import PostgresView, ViewTable
from infrastructure.views import as_json, audited, first_since

SCHEMA = """
CREATE TABLE {table} (
    position bigint PRIMARY KEY, slug text COLLATE "C" NOT NULL, version integer NOT NULL,
    event text NOT NULL, at timestamptz NOT NULL, actor text NOT NULL, correlation_id text NOT NULL,
    data json NOT NULL
);
CREATE INDEX {table}_of_a_film ON {table} (slug, position);
CREATE INDEX {table}_of_an_actor ON {table} (actor, position);
CREATE INDEX {table}_of_a_kind ON {table} (event, position);
CREATE INDEX {table}_by_hour ON {table} (date_trunc('hour', at AT TIME ZONE 'UTC'), position);
"""

_FIRST_SINCE = first_since("date_trunc('hour', {at} AT TIME ZONE 'UTC')", "%s")


class PostgresHistoryView(PostgresView[int, HistoryRow], HistoryView):
    table = ViewTable(
        schema=SCHEMA,
        columns=HistoryRow._fields,
        key={"position": "bigint"},
        key_of=lambda row: row.position,
        values=lambda row: (*row[:-1], as_json(row.data)),
        row=lambda row: HistoryRow(**row),
    )

    def of(self, slug: str, *, after: int, limit: int) -> Sequence[HistoryRow]:
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT * FROM history WHERE slug = %s AND position > %s ORDER BY position LIMIT %s",
                (slug, after, limit),
            )
            return [HistoryRow(**row) for row in cursor.fetchall()]

    def of_all(self, search: AuditSearch, *, after: int, limit: int) -> Sequence[HistoryRow]:
        conditions, values = audited(search, "%s")
        where = " AND ".join(["position > %s", *conditions])
        with self._store.reading() as cursor:
            if search.since is not None:
                cursor.execute(_FIRST_SINCE, (search.since,))
                row = cursor.fetchone()
                assert row is not None, "a minimum has one row"
                if row["first"] is None:
                    return []
                after = max(after, row["first"] - 1)
            cursor.execute(
                f"SELECT * FROM history WHERE {where} ORDER BY position LIMIT %s", (after, *values, limit)
            )
            return [HistoryRow(**row) for row in cursor.fetchall()]

    def at(self, positions: Collection[int]) -> Mapping[int, HistoryRow]:
        with self._store.reading() as cursor:
            return {row.position: row for row in self.table.read(cursor, self.name, positions)}
