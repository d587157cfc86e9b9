"""How values of rows stand in PostgreSQL's columns, where psycopg leaves us something to do."""

from collections.abc import Sequence
from typing import Any

_NUL, _UNKNOWN = "\x00", "\ufffd"


def column(value: Any) -> Any:
    """PostgreSQL keeps no NUL in a text; a view must not stop at an event that holds one."""
    if isinstance(value, str):
        return value.replace(_NUL, _UNKNOWN)
    if isinstance(value, tuple):
        return [column(element) for element in value]
    return value


def insert(table: str, columns: Sequence[str]) -> str:
    """The statement that writes one row of a table."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})"


def upsert(table: str, columns: Sequence[str], *, key: str) -> str:
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name != key)
    return f"{insert(table, columns)} ON CONFLICT ({key}) DO UPDATE SET {changes}"
