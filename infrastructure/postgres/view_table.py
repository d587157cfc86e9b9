"""How the rows of a view stand in a table on PostgreSQL: which are read, changed, and written in bulk."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from psycopg import Cursor
from psycopg.rows import DictRow

from application.view import Key, Row
from infrastructure.postgres.columns import Insert, column, copied
from infrastructure.postgres.view_store import ViewStore
from infrastructure.table_view import TableView


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewTable(Generic[Key, Row]):
    """`schema` makes the table, with {table} wherever its name stands; `key` are its columns and their types.
    `values` of a row are in the order of `columns`; `row` makes one of what `selected` gives."""

    schema: str
    columns: Sequence[str]
    key: Mapping[str, str]
    key_of: Callable[[Row], Key]
    values: Callable[[Row], Sequence[Any]]
    row: Callable[[DictRow], Row]
    selected: str = "*"

    def read(self, cursor: Cursor[DictRow], table: str, keys: Collection[Key]) -> list[Row]:
        """Those rows that there are, in no order."""
        if not keys:
            return []
        where, values = self._are(keys)
        cursor.execute(f"SELECT {self.selected} FROM {table} WHERE {where}", values)
        return [self.row(row) for row in cursor.fetchall()]

    def put(self, cursor: Cursor[DictRow], table: str, rows: Sequence[Row]) -> None:
        """Rows that are there already are replaced."""
        values = [[column(value) for value in self.values(row)] for row in rows]
        Insert(table, self.columns, key=", ".join(self.key)).run(cursor, values)

    def text(self, rows: Iterable[Row]) -> bytes:
        """Of rows, for `copy`: takes a while, and no cursor."""
        return copied(self.values(row) for row in rows)

    def copy(self, cursor: Cursor[DictRow], table: str, text: bytes) -> None:
        """Write rows none of which is there."""
        if text:
            with cursor.copy(f"COPY {table} ({', '.join(self.columns)}) FROM STDIN") as copy:
                copy.write(text)

    def delete(self, cursor: Cursor[DictRow], table: str, rows: Sequence[Row]) -> None:
        if rows:
            where, values = self._are([self.key_of(row) for row in rows])
            cursor.execute(f"DELETE FROM {table} WHERE {where}", values)

    def _are(self, keys: Collection[Key]) -> tuple[str, list[list[Any]]]:
        """A condition, and its values: a list for each column of the key."""
        values = [[*keys]] if len(self.key) == 1 else [[*part] for part in zip(*keys, strict=True)]
        types = ", ".join(f"%s::{type_}[]" for type_ in self.key.values())
        return f"({', '.join(self.key)}) IN (SELECT * FROM unnest({types}))", values


class PostgresView(TableView[Key, Row]):
    """The part of a view that is folded; its table is called as it is."""

    table: ClassVar[ViewTable[Any, Any]]

    def __init__(self, store: ViewStore) -> None:
        super().__init__(store, self.name, self.table)
        self._store = store
