"""Workers' signs of life on PostgreSQL."""

from collections.abc import Sequence

from application.worker_watch import Heartbeats, Worker
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS workers (
    worker_id text PRIMARY KEY, threads integer NOT NULL, beats bigint NOT NULL,
    started_at timestamptz NOT NULL, beat_at timestamptz NOT NULL
);
"""


class PostgresHeartbeats(Heartbeats):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def beat(self, worker_id: str, *, threads: int) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(
                "INSERT INTO workers VALUES (%s, %s, 1, clock_timestamp(), clock_timestamp())"
                " ON CONFLICT (worker_id) DO UPDATE"
                " SET beats = workers.beats + 1, threads = excluded.threads, beat_at = clock_timestamp()",
                (worker_id, threads),
            )

    def counts(self) -> dict[str, int]:
        with self._datastore.reading() as cursor:
            cursor.execute("SELECT worker_id, beats FROM workers")
            return {row["worker_id"]: row["beats"] for row in cursor.fetchall()}

    def seen_within(self, seconds: float) -> Sequence[Worker]:
        with self._datastore.reading() as cursor:
            cursor.execute(
                "SELECT worker_id, threads, started_at, beat_at FROM workers"
                " WHERE threads > 0 AND beat_at > clock_timestamp() - make_interval(secs => %s)"
                " ORDER BY started_at, worker_id",
                (seconds,),
            )
            return [Worker(**row) for row in cursor.fetchall()]

    def sign_off(self, worker_id: str) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute("DELETE FROM workers WHERE worker_id = %s", (worker_id,))
