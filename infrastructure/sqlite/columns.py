"""How values of rows stand in SQLite's columns."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID


def column(value: Any) -> Any:
    """UUIDs as text, moments as text of fixed width, so that it sorts as the time does."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return value


def columns_of(row: Iterable[Any]) -> list[Any]:
    return [column(value) for value in row]


def uuid(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


def moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def insert(table: str, columns: Sequence[str], *, or_replace: bool = False) -> str:
    """The statement that writes one row of a table."""
    verb = "INSERT OR REPLACE" if or_replace else "INSERT"
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
