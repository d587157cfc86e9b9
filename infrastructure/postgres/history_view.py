"""The history view on PostgreSQL. `data` is `json`, which keeps numbers, texts and order as they are."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from psycopg.types.json import Json

from application.read_models import AuditSearch, HistoryRow, HistoryRows, HistoryView
from infrastructure.postgres.columns import Insert, column
from infrastructure.postgres.view_store import ViewStore
from infrastructure.views import AddedRows, audited

SCHEMA = """
CREATE TABLE IF NOT EXISTS history (
    position bigint PRIMARY KEY, slug text COLLATE "C" NOT NULL, version integer NOT NULL,
    event text NOT NULL, at timestamptz NOT NULL, actor text NOT NULL, correlation_id text NOT NULL,
    data json NOT NULL
);
CREATE INDEX IF NOT EXISTS history_of_a_film ON history (slug, position);
"""

INDICES = {
    "history_of_an_actor": "CREATE INDEX history_of_an_actor ON history (actor, position)",
    "history_of_a_kind": "CREATE INDEX history_of_a_kind ON history (event, position)",
}
"""Stores of earlier versions have the table without them."""


class PostgresHistoryView(HistoryView):
    _COLUMNS = tuple(field.name for field in fields(HistoryRow))
    _INSERT = Insert("history", _COLUMNS)

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[HistoryRows]:
        with self._store.folding(self.name, after=after, up_to=up_to) as cursor:
            added = AddedRows[HistoryRow]()
            yield added
            self._INSERT.run(cursor, [self._values(row) for row in added.all()])

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
            cursor.execute(
                f"SELECT * FROM history WHERE {where} ORDER BY position LIMIT %s", (after, *values, limit)
            )
            return [HistoryRow(**row) for row in cursor.fetchall()]

    def _values(self, row: HistoryRow) -> tuple[Any, ...]:
        return tuple(
            Json(row.data) if name == "data" else column(getattr(row, name)) for name in self._COLUMNS
        )
