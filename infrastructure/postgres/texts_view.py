"""The texts view on PostgreSQL."""

from collections.abc import Sequence
from uuid import UUID

from application.texts import TextRow, TextSearch, TextsView
from application.view import Place
from infrastructure.postgres.view_table import PostgresView, ViewTable
from infrastructure.views import NEWEST_FIRST, newest_first, wanted_texts

SCHEMA = """
CREATE TABLE {table} (
    description_id uuid PRIMARY KEY, slug text COLLATE "C" NOT NULL, locale text NOT NULL,
    context_tag text NOT NULL, revision integer NOT NULL, origin text NOT NULL, job_id uuid,
    ai_model text COLLATE "C", prompt_version text COLLATE "C", prompt_hash text, actor text NOT NULL,
    version integer NOT NULL, at timestamptz NOT NULL, position bigint NOT NULL
);
CREATE INDEX {table}_by_time ON {table} (at, position);
CREATE INDEX {table}_of_a_model ON {table} (ai_model, at, position);
CREATE INDEX {table}_of_a_prompt ON {table} (prompt_version, at, position);
"""


class PostgresTextsView(PostgresView[UUID, TextRow], TextsView):
    table = ViewTable(
        schema=SCHEMA,
        columns=TextRow._fields,
        key={"description_id": "uuid"},
        key_of=lambda row: row.description_id,
        values=lambda row: row,
        row=lambda row: TextRow(**row),
    )

    def get(self, description_id: UUID) -> TextRow | None:
        with self._store.reading() as cursor:
            cursor.execute("SELECT * FROM texts WHERE description_id = %s", (description_id,))
            row = cursor.fetchone()
            return None if row is None else TextRow(**row)

    def list(self, search: TextSearch, *, before: Place | None, limit: int) -> Sequence[TextRow]:
        where, values = newest_first(wanted_texts(search), before, "%s")
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM texts WHERE {where} ORDER BY {NEWEST_FIRST} LIMIT %s", (*values, limit)
            )
            return [TextRow(**row) for row in cursor.fetchall()]
