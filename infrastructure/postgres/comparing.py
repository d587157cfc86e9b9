"""Rows of a live view on PostgreSQL, held as they are by a snapshot, and compared by checksums."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg import Cursor
from psycopg.rows import DictRow

from application.rebuild import Comparison, Difference
from infrastructure.comparing import Chunk, ComparedTable, Key, Record, first_difference
from infrastructure.postgres.view_store import ViewStore

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""It takes no transaction id: neither appends nor those who follow the log notice."""

_CHUNK = """
SELECT count(*) AS rows, coalesce(md5(string_agg(md5(page::text), '' ORDER BY {key})), '') AS checksum,
  (SELECT to_json(last) FROM (SELECT {key} FROM page ORDER BY {backwards} LIMIT 1) AS last) AS last
FROM page
"""
_POSITION = "SELECT position FROM tracking WHERE view = %s"


@contextmanager
def comparing(store: ViewStore, view: str, place: str, key: Mapping[str, str]) -> Iterator[Comparison]:
    """The rows of a view, as they are now, with those of another table. `key`: columns, and their types."""
    with store.reading() as live:
        live.execute(_SNAPSHOT)
        try:
            live.execute(_POSITION, (view,))
            row = live.fetchone()
            assert row is not None, "every view is tracked"
            yield _Comparison(store, live, row["position"], (view, place), key)
        finally:
            live.execute("ROLLBACK")


class _Comparison(Comparison):
    def __init__(
        self,
        store: ViewStore,
        live: Cursor[DictRow],
        position: int,
        tables: tuple[str, str],
        key: Mapping[str, str],
    ) -> None:
        self.position = position
        self._store = store
        self._live = live
        self._tables = tables
        self._key = key

    def first_difference(self) -> Difference | None:
        live, folded = self._tables
        with self._store.reading() as now:
            return first_difference(_Table(self._live, live, self._key), _Table(now, folded, self._key))


class _Table(ComparedTable):
    def __init__(self, cursor: Cursor[DictRow], name: str, key: Mapping[str, str]) -> None:
        self._cursor = cursor
        self._name = name
        self._key = key

    def chunk(self, after: Key | None, limit: int) -> Chunk:
        backwards = ", ".join(f"{name} DESC" for name in self._key)
        (row,) = self._select(_CHUNK.format(key=", ".join(self._key), backwards=backwards), after, limit)
        return Chunk(row["rows"], row["checksum"], tuple(row["last"].values()) if row["last"] else None)

    def records(self, after: Key | None, limit: int) -> Mapping[Key, Record]:
        key = ", ".join(f"{name} AS key_{number}" for number, name in enumerate(self._key))
        statement = f"SELECT page::text AS text, row_to_json(page) AS columns, {key} FROM page"
        found = (tuple(row.values()) for row in self._select(statement, after, limit))
        return {tuple(key): Record(text, columns) for text, columns, *key in found}

    def _select(self, what: str, after: Key | None, limit: int) -> list[DictRow]:
        """From the next chunk, which is called `page`."""
        columns = ", ".join(self._key)
        typed = ", ".join(f"%s::{type_}" for type_ in self._key.values())
        behind = "" if after is None else f"WHERE ({columns}) > ({typed})"
        self._cursor.execute(
            f"WITH page AS (SELECT * FROM {self._name} {behind} ORDER BY {columns} LIMIT {limit}) {what}",
            () if after is None else after,
        )
        return self._cursor.fetchall()
