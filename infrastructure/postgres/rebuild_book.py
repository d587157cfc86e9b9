"""What rebuilds tell of themselves, on PostgreSQL."""

import secrets
from collections.abc import Sequence

from application.rebuild_book import RebuildBook, ToldRebuild
from infrastructure.postgres.columns import column
from infrastructure.postgres.datastore import NO_SYNC, Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS rebuilds (
    rebuild_id text PRIMARY KEY, views text NOT NULL, events bigint NOT NULL, of_events bigint NOT NULL,
    started_at timestamptz NOT NULL, told_at timestamptz NOT NULL, has_ended boolean NOT NULL, failure text
);
"""

_BEGIN = "INSERT INTO rebuilds VALUES (%s, %s, 0, %s, clock_timestamp(), clock_timestamp(), false, NULL)"
_TELL = """
UPDATE rebuilds SET events = %s, told_at = clock_timestamp(), has_ended = %s, failure = %s
WHERE rebuild_id = %s
"""
_NEWEST = """
SELECT views, events, of_events, started_at, told_at, has_ended, failure,
  extract(epoch FROM clock_timestamp() - told_at)::float8 AS silent_seconds
FROM rebuilds ORDER BY started_at DESC LIMIT 1
"""


class PostgresRebuildBook(RebuildBook):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def begin(self, views: Sequence[str], *, of_events: int) -> str:
        rebuild_id = secrets.token_hex(8)
        with self._datastore.writing() as cursor:
            cursor.execute("DELETE FROM rebuilds")
            cursor.execute(_BEGIN, (rebuild_id, " ".join(views), of_events))
        return rebuild_id

    def tell(self, rebuild_id: str, *, events: int) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(NO_SYNC)
            cursor.execute(_TELL, (events, False, None, rebuild_id))

    def end(self, rebuild_id: str, *, events: int, failure: str | None = None) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_TELL, (events, True, column(failure), rebuild_id))

    def newest(self) -> ToldRebuild | None:
        with self._datastore.reading() as cursor:
            cursor.execute(_NEWEST)
            row = cursor.fetchone()
            return None if row is None else ToldRebuild(**row | {"views": row["views"].split()})
