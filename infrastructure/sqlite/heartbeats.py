"""Workers' signs of life on SQLite."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from application.worker_watch import Heartbeats, Worker
from infrastructure.sqlite.columns import column
from infrastructure.sqlite.view_store import ViewStore

SCHEMA = """
CREATE TABLE workers (
    worker_id TEXT PRIMARY KEY, threads INTEGER NOT NULL, beats INTEGER NOT NULL,
    started_at TEXT NOT NULL, beat_at TEXT NOT NULL
);
"""


class SqliteHeartbeats(Heartbeats):
    """One host has one clock, so that nothing here needs to ask the database for the time."""

    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def beat(self, worker_id: str, *, threads: int) -> None:
        now = column(datetime.now(UTC))
        with self._store.writing() as cursor:
            cursor.execute(
                "INSERT INTO workers VALUES (?, ?, 1, ?, ?) ON CONFLICT (worker_id) DO UPDATE"
                " SET beats = beats + 1, threads = excluded.threads, beat_at = excluded.beat_at",
                (worker_id, threads, now, now),
            )

    def counts(self) -> dict[str, int]:
        with self._store.reading() as cursor:
            cursor.execute("SELECT worker_id, beats FROM workers")
            return {row["worker_id"]: row["beats"] for row in cursor.fetchall()}

    def seen_within(self, seconds: float) -> Sequence[Worker]:
        since = column(datetime.now(UTC) - timedelta(seconds=seconds))
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT worker_id, threads, started_at, beat_at FROM workers"
                " WHERE threads > 0 AND beat_at > ? ORDER BY started_at, worker_id",
                (since,),
            )
            return [
                Worker(
                    row["worker_id"],
                    row["threads"],
                    datetime.fromisoformat(row["started_at"]),
                    datetime.fromisoformat(row["beat_at"]),
                )
                for row in cursor.fetchall()
            ]

    def sign_off(self, worker_id: str) -> None:
        with self._store.writing() as cursor:
            cursor.execute("DELETE FROM workers WHERE worker_id = ?", (worker_id,))
