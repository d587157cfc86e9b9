"""How values of rows stand in SQLite's columns, and the rows a batch changes."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

Key = TypeVar("Key")
Row = TypeVar("Row")


def column(value: Any) -> Any:
    """UUIDs as text, moments as text of fixed width, so that it sorts as the time does."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value


def uuid(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


def moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def insert(table: str, columns: Sequence[str], *, or_replace: bool = False) -> str:
    """The statement that writes one row of a table."""
    verb = "INSERT OR REPLACE" if or_replace else "INSERT"
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


class ChangedRows(Generic[Key, Row]):
    """The rows a batch touches: each read at most once, and written once at its end."""

    def __init__(self, read: Callable[[Key], Row | None], key_of: Callable[[Row], Key]) -> None:
        self._read = read
        self._key_of = key_of
        self._rows: dict[Key, Row] = {}

    def get(self, key: Key) -> Row:
        """Raises LookupError: the log never names a row that an earlier event did not begin."""
        if key not in self._rows:
            row = self._read(key)
            if row is None:
                raise LookupError(f"no earlier event began {key}")
            self._rows[key] = row
        return self._rows[key]

    def put(self, row: Row) -> None:
        self._rows[self._key_of(row)] = row

    def all(self) -> Sequence[Row]:
        return list(self._rows.values())
