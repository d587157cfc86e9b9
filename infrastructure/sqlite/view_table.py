"""How the rows of a view stand in a table on SQLite: which are read, changed, and written in bulk."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Generic

from eventsourcing.sqlite import SQLiteCursor

from application.view import BatchRows, Key, Row, View, ViewStatus
from infrastructure.sqlite.columns import column, insert
from infrastructure.sqlite.view_store import ViewStore


@dataclass(frozen=True, slots=True)
class Beside:
    """A table beside that of a view, called as it is with the suffix behind. Its rows belong to one row each;
    the first of its columns is its key."""

    suffix: str
    columns: Sequence[str]
    values: Callable[[Any], Sequence[Sequence[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewTable(Generic[Key, Row]):
    """`schema` makes the table, with {table} wherever its name stands; `key` are its columns. `values` are in
    the order of `columns`."""

    schema: str
    columns: Sequence[str]
    key: Sequence[str]
    key_of: Callable[[Row], Key]
    values: Callable[[Row], Sequence[Any]]
    row: Callable[[sqlite3.Row], Row]
    beside: Beside | None = None

    def read(self, cursor: SQLiteCursor, table: str, keys: Collection[Key]) -> Iterator[Row]:
        """Those rows that there are."""
        where = " AND ".join(f"{name} = ?" for name in self.key)
        for key in keys:
            cursor.execute(f"SELECT * FROM {table} WHERE {where}", _columns(key))
            row = cursor.fetchone()
            if row is not None:
                yield self.row(row)

    def names(self, table: str) -> list[str]:
        """Of the table, and of the one beside it."""
        return [table] if self.beside is None else [table, f"{table}_{self.beside.suffix}"]

    def put(self, cursor: SQLiteCursor, table: str, rows: Sequence[Row]) -> None:
        """Rows that are there already are replaced."""
        statement = insert(table, self.columns, or_replace=True)
        cursor.executemany(statement, [self.values(row) for row in rows])
        if self.beside is not None:
            statement = insert(self.names(table)[1], self.beside.columns, or_replace=True)
            cursor.executemany(statement, [values for row in rows for values in self.beside.values(row)])


class SqliteView(View[Key, Row]):
    """The part of a view that is folded; its table is called as it is."""

    table: ClassVar[ViewTable[Any, Any]]

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def position(self) -> int:
        return self._store.position(self.name)

    def status(self) -> ViewStatus:
        return self._store.status(self.name, needed_version=self.version)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[BatchRows[Key, Row]]:
        with self._store.folding(self.name, after=after, up_to=up_to, version=self.version) as cursor:
            rows = BatchRows[Key, Row](partial(self.table.read, cursor, self.name), key_of=self.table.key_of)
            yield rows
            self.table.put(cursor, self.name, [*rows.new, *rows.changed])

    def stop(self, *, at: int, because: str) -> None:
        self._store.stop(self.name, at=at, because=because)


def _columns(key: Any) -> Sequence[Any]:
    return [column(part) for part in (key if isinstance(key, tuple) else (key,))]
