"""What rebuilds tell of themselves, on SQLite."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from application.rebuild_book import RebuildBook, ToldRebuild
from infrastructure.sqlite.columns import column
from infrastructure.sqlite.view_store import ViewStore

SCHEMA = """
CREATE TABLE rebuilds (
    rebuild_id TEXT PRIMARY KEY, views TEXT NOT NULL, events INTEGER NOT NULL, of_events INTEGER NOT NULL,
    started_at TEXT NOT NULL, told_at TEXT NOT NULL, has_ended INTEGER NOT NULL, failure TEXT
);
"""

_BEGIN = "INSERT INTO rebuilds VALUES (?, ?, 0, ?, ?, ?, 0, NULL)"
_TELL = "UPDATE rebuilds SET events = ?, told_at = ?, has_ended = ?, failure = ? WHERE rebuild_id = ?"
_NEWEST = "SELECT * FROM rebuilds ORDER BY started_at DESC LIMIT 1"


class SqliteRebuildBook(RebuildBook):
    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def begin(self, views: Sequence[str], *, of_events: int) -> str:
        rebuild_id, now = secrets.token_hex(8), _now()
        with self._store.writing() as cursor:
            cursor.execute("DELETE FROM rebuilds")
            cursor.execute(_BEGIN, (rebuild_id, " ".join(views), of_events, now, now))
        return rebuild_id

    def tell(self, rebuild_id: str, *, events: int) -> None:
        self._tell(rebuild_id, events, has_ended=False, failure=None)

    def end(self, rebuild_id: str, *, events: int, failure: str | None = None) -> None:
        self._tell(rebuild_id, events, has_ended=True, failure=failure)

    def newest(self) -> ToldRebuild | None:
        with self._store.reading() as cursor:
            cursor.execute(_NEWEST)
            row = cursor.fetchone()
        if row is None:
            return None
        told_at = datetime.fromisoformat(row["told_at"])
        return ToldRebuild(
            views=row["views"].split(),
            events=row["events"],
            of_events=row["of_events"],
            started_at=datetime.fromisoformat(row["started_at"]),
            told_at=told_at,
            silent_seconds=(datetime.now(UTC) - told_at).total_seconds(),
            has_ended=bool(row["has_ended"]),
            failure=row["failure"],
        )

    def _tell(self, rebuild_id: str, events: int, *, has_ended: bool, failure: str | None) -> None:
        with self._store.writing() as cursor:
            cursor.execute(_TELL, (events, _now(), has_ended, failure, rebuild_id))


def _now() -> str:
    moment: str = column(datetime.now(UTC))
    return moment
