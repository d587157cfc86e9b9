"""How the rows of a view stand in a table on SQLite: which are read, changed, and written in bulk."""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from eventsourcing.sqlite import SQLiteCursor

from application.view import Key, Row
from infrastructure.sqlite.columns import column, insert
from infrastructure.sqlite.view_store import ViewStore
from infrastructure.table_view import TableView


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


class SqliteView(TableView[Key, Row]):
    """The part of a view that is folded; its table is called as it is."""

    table: ClassVar[ViewTable[Any, Any]]

    def __init__(self, store: ViewStore) -> None:
        super().__init__(store, self.name, self.table)
        self._store = store


def _columns(key: Any) -> Sequence[Any]:
    return [column(part) for part in (key if isinstance(key, tuple) else (key,))]
