"""The history view on SQLite."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from application.read_models import AuditSearch, HistoryRow, HistoryView
from infrastructure.sqlite.columns import column
from infrastructure.sqlite.view_table import SqliteView, ViewTable
from infrastructure.views import as_json, audited, first_since

SCHEMA = """
CREATE TABLE {table} (
    position INTEGER PRIMARY KEY, slug TEXT NOT NULL, version INTEGER NOT NULL, event TEXT NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, correlation_id TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX {table}_of_a_film ON {table} (slug, position);
CREATE INDEX {table}_of_an_actor ON {table} (actor, position);
CREATE INDEX {table}_of_a_kind ON {table} (event, position);
CREATE INDEX {table}_by_hour ON {table} (substr(at, 1, 13), position);
"""

_FIRST_SINCE = first_since("substr({at}, 1, 13)", "?")


_COLUMNS = HistoryRow._fields


def _values(row: HistoryRow) -> Sequence[Any]:
    *plain, data = row
    return [*map(column, plain), as_json(data)]


def _history_row(row: Any) -> HistoryRow:
    typed = {"at": datetime.fromisoformat(row["at"]), "data": json.loads(row["data"])}
    return HistoryRow(**dict(row) | typed)


class SqliteHistoryView(SqliteView[int, HistoryRow], HistoryView):
    table = ViewTable(
        schema=SCHEMA,
        columns=_COLUMNS,
        key=("position",),
        key_of=lambda row: row.position,
        values=_values,
        row=_history_row,
    )

    def of(self, slug: str, *, after: int, limit: int) -> Sequence[HistoryRow]:
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT * FROM history WHERE slug = ? AND position > ? ORDER BY position LIMIT ?",
                (slug, after, limit),
            )
            return [_history_row(row) for row in cursor.fetchall()]

    def of_all(self, search: AuditSearch, *, after: int, limit: int) -> Sequence[HistoryRow]:
        conditions, values = audited(search, "?")
        where = " AND ".join(["position > ?", *conditions])
        with self._store.reading() as cursor:
            if search.since is not None:
                cursor.execute(_FIRST_SINCE, (column(search.since),))
                row = cursor.fetchone()
                if row["first"] is None:
                    return []
                after = max(after, row["first"] - 1)
            cursor.execute(
                f"SELECT * FROM history WHERE {where} ORDER BY position LIMIT ?",
                (after, *map(column, values), limit),
            )
            return [_history_row(row) for row in cursor.fetchall()]

    def at(self, positions: Collection[int]) -> Mapping[int, HistoryRow]:
        with self._store.reading() as cursor:
            return {row.position: row for row in self.table.read(cursor, self.name, positions)}
