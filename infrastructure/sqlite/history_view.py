"""The history view on SQLite."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from datetime import datetime
from typing import Any

from application.read_models import AuditSearch, HistoryRow, HistoryRows, HistoryView
from infrastructure.sqlite.columns import column, insert
from infrastructure.sqlite.view_store import ViewStore
from infrastructure.views import AddedRows, audited

SCHEMA = """
CREATE TABLE history (
    position INTEGER PRIMARY KEY, slug TEXT NOT NULL, version INTEGER NOT NULL, event TEXT NOT NULL,
    at TEXT NOT NULL, actor TEXT NOT NULL, correlation_id TEXT NOT NULL, data TEXT NOT NULL
);
CREATE INDEX history_of_a_film ON history (slug, position);
CREATE INDEX history_of_an_actor ON history (actor, position);
CREATE INDEX history_of_a_kind ON history (event, position);
"""


class SqliteHistoryView(HistoryView):
    _COLUMNS = tuple(field.name for field in fields(HistoryRow))
    _INSERT = insert("history", _COLUMNS)

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[HistoryRows]:
        with self._store.folding(self.name, after=after, up_to=up_to) as cursor:
            added = AddedRows[HistoryRow]()
            yield added
            cursor.executemany(self._INSERT, [self._values(row) for row in added.all()])

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
            cursor.execute(
                f"SELECT * FROM history WHERE {where} ORDER BY position LIMIT ?",
                (after, *map(column, values), limit),
            )
            return [_history_row(row) for row in cursor.fetchall()]

    def _values(self, row: HistoryRow) -> tuple[Any, ...]:
        data = json.dumps(row.data, ensure_ascii=False)
        return tuple(data if name == "data" else column(getattr(row, name)) for name in self._COLUMNS)


def _history_row(row: Any) -> HistoryRow:
    typed = {"at": datetime.fromisoformat(row["at"]), "data": json.loads(row["data"])}
    return HistoryRow(**dict(row) | typed)
