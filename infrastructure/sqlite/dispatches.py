"""The dispatcher's memory on SQLite. Rows of jobs that have started are swept away as new ones come."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from application.dispatching import Dispatches, DueJob
from domain.values import Priority
from infrastructure.sqlite.columns import column
from infrastructure.sqlite.view_store import ViewStore

SCHEMA = """
CREATE TABLE dispatches (
    job_id TEXT PRIMARY KEY, attempt INTEGER NOT NULL, epoch TEXT NOT NULL, dispatched_at TEXT NOT NULL
);
"""

# Served by the index jobs_waiting (status, priority, position).
_DUE = """
SELECT jobs.job_id, jobs.slug, jobs.attempts + 1 AS attempt
FROM jobs LEFT JOIN dispatches
  ON dispatches.job_id = jobs.job_id AND dispatches.attempt = jobs.attempts + 1
  AND dispatches.epoch = :epoch AND dispatches.dispatched_at >= :sent_before
WHERE jobs.status = 'PENDING' AND jobs.priority = :priority
  AND (jobs.next_attempt_at IS NULL OR jobs.next_attempt_at <= :now)
  AND dispatches.job_id IS NULL AND jobs.requested_by NOT IN (SELECT value FROM json_each(:not_for))
ORDER BY jobs.position LIMIT :limit
"""

_SWEEP = """
DELETE FROM dispatches WHERE job_id IN (
  SELECT job_id FROM dispatches JOIN jobs USING (job_id)
  WHERE jobs.status <> 'PENDING' OR dispatches.attempt <> jobs.attempts + 1)
"""

_SENT_SINCE = """
SELECT count(*) AS messages FROM dispatches JOIN jobs USING (job_id)
WHERE dispatches.dispatched_at >= ? AND jobs.status = 'PENDING'
"""


class SqliteDispatches(Dispatches):
    def __init__(self, store: ViewStore) -> None:
        self._store = store

    def due(
        self,
        priority: Priority,
        *,
        now: datetime,
        epoch: str,
        sent_before: datetime,
        limit: int,
        not_for: Collection[str] = (),
    ) -> Sequence[DueJob]:
        wanted = {
            "priority": priority,
            "now": column(now),
            "epoch": epoch,
            "sent_before": column(sent_before),
            "limit": limit,
            "not_for": json.dumps(list(not_for)),
        }
        with self._store.reading() as cursor:
            cursor.execute(_DUE, wanted)
            return [DueJob(UUID(row["job_id"]), row["slug"], row["attempt"]) for row in cursor.fetchall()]

    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None:
        with self._store.writing() as cursor:
            cursor.execute(_SWEEP)
            cursor.executemany(
                "INSERT OR REPLACE INTO dispatches VALUES (?, ?, ?, ?)",
                [(str(job.job_id), job.attempt, epoch, column(at)) for job in due],
            )

    def sent_since(self, moment: datetime) -> int:
        with self._store.reading() as cursor:
            cursor.execute(_SENT_SINCE, (column(moment),))
            return int(cursor.fetchone()["messages"])

    def forget(self, job_id: UUID) -> None:
        with self._store.writing() as cursor:
            cursor.execute("DELETE FROM dispatches WHERE job_id = ?", (str(job_id),))
