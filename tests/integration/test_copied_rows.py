"""Rows copied into PostgreSQL hold what the same rows inserted hold."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg import Cursor
from psycopg.rows import DictRow, dict_row

from domain.values import JobStatus
from infrastructure.postgres.view_table import ViewTable
from tests.support.servers import Postgres

KINDS = {"number": "bigint", "word": "text", "id": "uuid", "at": "timestamptz", "words": "text[]"}
KINDS |= {"is_so": "boolean", "share": "double precision"}
TABLE: ViewTable[int, tuple[Any, ...]] = ViewTable(
    schema="",
    columns=[*KINDS],
    key={"number": "bigint"},
    key_of=lambda row: row[0],
    values=lambda row: row,
    row=lambda row: tuple(row.values()),
)
AT = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
TEXTS = [
    "plain",
    "",
    "\\N",
    "a\tb\nc\rd\\e\x0b",
    "NUL \x00.",
    "Amélie 🎬",
    '{"a": "\\"b"}',
    "NULL",
    JobStatus.DONE,
]


@pytest.fixture
def cursor(postgres_server: Postgres) -> Iterator[Cursor[DictRow]]:
    columns = ", ".join(f"{name} {kind}" for name, kind in KINDS.items())
    with psycopg.connect(postgres_server.url("postgres"), row_factory=dict_row) as session:
        with session.cursor() as cursor:
            for table in ("copied", "inserted"):
                cursor.execute(f"CREATE TEMPORARY TABLE {table} ({columns}, PRIMARY KEY (number))")
            yield cursor
        session.rollback()


@pytest.mark.parametrize("at_once", [1, 100])
def test_every_kind_of_value_arrives_alike(cursor: Cursor[DictRow], at_once: int) -> None:
    """Alone in its column, and among others."""
    words = [(), ("one",), ("", "a b", '"', "\\", "{,}", "NULL", "\t\n\x00")]
    rows: list[tuple[Any, ...]] = [
        (
            number,
            text,
            UUID(int=number),
            AT + timedelta(seconds=number),
            words[number % 3],
            bool(number % 2),
            0.1,
        )
        for number, text in enumerate(TEXTS)
    ]
    rows += [(100, None, None, None, None, None, None)]
    rows += [(101, "x", UUID(int=2**128 - 1), AT.astimezone(timezone(timedelta(hours=2))), None, None, 1e300)]

    for start in range(0, len(rows), at_once):
        TABLE.copy(cursor, "copied", TABLE.text(rows[start : start + at_once]))
        TABLE.put(cursor, "inserted", rows[start : start + at_once])

    assert _all(cursor, "copied") == _all(cursor, "inserted")
    assert len(_all(cursor, "copied")) == len(rows)


def _all(cursor: Cursor[DictRow], table: str) -> list[DictRow]:
    cursor.execute(f"SELECT * FROM {table} ORDER BY number")
    return cursor.fetchall()
