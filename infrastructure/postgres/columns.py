"""How values of rows stand in PostgreSQL's columns, where psycopg leaves us something to do."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg import Cursor
from psycopg.rows import DictRow

MAX_PARAMETERS = 65_535
"""Of one statement, by PostgreSQL's protocol."""

_NUL, _UNKNOWN = "\x00", "\ufffd"


def column(value: Any) -> Any:
    """PostgreSQL keeps no NUL in a text; a view must not stop at an event that holds one. Ids, moments and
    arrays are written as text here, which takes the driver several times as long."""
    write = _WRITTEN.get(type(value))
    return write(value) if write else value


def copied(rows: Iterable[Sequence[Any]]) -> bytes:
    """Rows as the text that COPY reads. One column after the other is written: most hold values of one kind,
    and hardly any a character that has to be escaped."""
    columns = [_copied(values) for values in zip(*rows, strict=True)]
    lines = map("\t".join, zip(*columns, strict=True))
    return b"\n".join([*map(str.encode, lines), b""])  # one by one: a wide character would widen them all


def _copied(values: Sequence[Any]) -> Iterable[str]:
    kinds = {*map(type, values)}
    if kinds == {str}:
        return _escaped(values)
    if len(kinds) == 1 and kinds <= _NEVER_ESCAPED.keys():
        return map(_NEVER_ESCAPED[kinds.pop()], values)
    texts = _escaped([str(column(value)) for value in values])
    return [_NULL if value is None else text for value, text in zip(values, texts, strict=True)]


def _escaped(texts: Sequence[str]) -> Sequence[str]:
    together = "".join(texts)
    for character, escaped in _ESCAPES.items():
        if character in together:
            texts = [text.replace(character, escaped) for text in texts]
    return texts


@lru_cache(maxsize=4_096)
def _moment(value: datetime) -> str:
    """Several rows tell of the moment of one event."""
    return value.isoformat()


def _array(values: Iterable[Any]) -> str:
    texts = [str(column(value)) for value in values]
    if not texts:
        return "{}"
    return '{"' + '","'.join(text.replace("\\", "\\\\").replace('"', '\\"') for text in texts) + '"}'


_WRITTEN: dict[type, Callable[[Any], str]] = {
    str: lambda value: value.replace(_NUL, _UNKNOWN),
    UUID: lambda value: f"{value.int:032x}",
    datetime: _moment,
    tuple: _array,
}
_NEVER_ESCAPED: dict[type, Callable[[Any], str]] = {
    int: str,
    float: str,
    bool: str,
    UUID: _WRITTEN[UUID],
    datetime: _moment,
    type(None): lambda _: _NULL,
}
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", _NUL: _UNKNOWN}
_NULL = "\\N"


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
