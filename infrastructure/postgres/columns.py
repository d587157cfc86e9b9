"""How values of rows stand in PostgreSQL's columns, where psycopg leaves us something to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

MAX_PARAMETERS = 65_535
"""Of one statement, by PostgreSQL's protocol."""

_NUL, _UNKNOWN = "\x00", "\ufffd"


def column(value: Any) -> Any:
    """PostgreSQL keeps no NUL in a text; a view must not stop at an event that holds one. Ids and moments are
    written as text here, which takes the driver several times as long."""
    kind = type(value)
    if kind is str:
        return value.replace(_NUL, _UNKNOWN)
    if kind is UUID:
        return value.hex
    if kind is datetime:
        return value.isoformat()
    if kind is tuple:
        return [column(element) for element in value]
    return value


@dataclass(frozen=True, slots=True)
class Insert:
    """Writes rows of a table; one whose `key` is there already is replaced, where a key is named: a column,
    or several with commas between them.

    Many rows are one statement. Rows sent one by one without waiting for their answers would be faster
    to write and dangerous: between them the server does not count for how long a client is silent, so one
    that is frozen there would keep its locks, and the next leader out, until it is woken.
    """

    table: str
    columns: Sequence[str]
    key: str | None = None

    def run(self, cursor: Cursor[DictRow], rows: Sequence[Sequence[Any]]) -> None:
        most = MAX_PARAMETERS // len(self.columns)
        for start in range(0, len(rows), most):
            some = rows[start : start + most]
            cursor.execute(self._statement(len(some)), [value for row in some for value in row])

    def _statement(self, rows: int) -> str:
        row = f"({', '.join(['%s'] * len(self.columns))})"
        values = ", ".join([row] * rows)
        statement = f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {values}"
        if self.key is None:
            return statement
        changes = ", ".join(f"{name} = excluded.{name}" for name in self.columns if name != self.key)
        return f"{statement} ON CONFLICT ({self.key}) DO UPDATE SET {changes}"
