"""Workers' signs of life on SQLite."""

from application.worker_watch import Heartbeats
from infrastructure.sqlite.view_store import ViewStore

SCHEMA = "CREATE TABLE workers (worker_id TEXT PRIMARY KEY, beats INTEGER NOT NULL);"


class SqliteHeartbeats(Heartbeats):
    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def beat(self, worker_id: str) -> None:
        with self._store.writing() as cursor:
            cursor.execute(
                "INSERT INTO workers VALUES (?, 1) ON CONFLICT (worker_id) DO UPDATE SET beats = beats + 1",
                (worker_id,),
            )

    def counts(self) -> dict[str, int]:
        with self._store.reading() as cursor:
            cursor.execute("SELECT worker_id, beats FROM workers")
            return {row["worker_id"]: row["beats"] for row in cursor.fetchall()}

    def sign_off(self, worker_id: str) -> None:
        with self._store.writing() as cursor:
            cursor.execute("DELETE FROM workers WHERE worker_id = ?", (worker_id,))
