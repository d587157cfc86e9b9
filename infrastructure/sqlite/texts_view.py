"""The texts view on SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.texts import TextRow, TextSearch, TextsView
from application.view import Place
from infrastructure.sqlite.columns import column, columns_of, uuid
from infrastructure.sqlite.view_table import SqliteView, ViewTable
from infrastructure.views import NEWEST_FIRST, newest_first, wanted_texts

SCHEMA = """
CREATE TABLE {table} (
    description_id TEXT PRIMARY KEY, slug TEXT NOT NULL, locale TEXT NOT NULL, context_tag TEXT NOT NULL,
    revision INTEGER NOT NULL, origin TEXT NOT NULL, job_id TEXT, ai_model TEXT, prompt_version TEXT,
    prompt_hash TEXT, actor TEXT NOT NULL, version INTEGER NOT NULL, at TEXT NOT NULL,
    position INTEGER NOT NULL
);
CREATE INDEX {table}_by_time ON {table} (at, position);
CREATE INDEX {table}_of_a_model ON {table} (ai_model, at, position);
CREATE INDEX {table}_of_a_prompt ON {table} (prompt_version, at, position);
"""


def _text_row(row: sqlite3.Row) -> TextRow:
    typed = {
        "description_id": UUID(row["description_id"]),
        "job_id": uuid(row["job_id"]),
        "at": datetime.fromisoformat(row["at"]),
    }
    return TextRow(**dict(row) | typed)


class SqliteTextsView(SqliteView[UUID, TextRow], TextsView):
    table = ViewTable(
        schema=SCHEMA,
        columns=TextRow._fields,
        key=("description_id",),
        key_of=lambda row: row.description_id,
        values=columns_of,
        row=_text_row,
    )

    def get(self, description_id: UUID) -> TextRow | None:
        with self._store.reading() as cursor:
            cursor.execute("SELECT * FROM texts WHERE description_id = ?", (str(description_id),))
            row = cursor.fetchone()
            return None if row is None else _text_row(row)

    def list(self, search: TextSearch, *, before: Place | None, limit: int) -> Sequence[TextRow]:
        where, values = newest_first(wanted_texts(search), before, "?")
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM texts WHERE {where} ORDER BY {NEWEST_FIRST} LIMIT ?",
                (*map(column, values), limit),
            )
            return [_text_row(row) for row in cursor.fetchall()]
