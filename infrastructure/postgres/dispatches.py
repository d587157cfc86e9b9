"""The dispatcher's memory on PostgreSQL. Rows of jobs that have started are swept away as new ones come."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from application.dispatching import Dispatches, DueJob
from domain.values import Priority
from infrastructure.postgres.columns import Insert
from infrastructure.postgres.view_store import ViewStore

SCHEMA = """
CREATE TABLE IF NOT EXISTS dispatches (
    job_id uuid PRIMARY KEY, attempt integer NOT NULL, epoch text NOT NULL, dispatched_at timestamptz NOT NULL
);
"""

# Served by the index jobs_waiting (priority, position) of the jobs that are PENDING.
_DUE = """
SELECT jobs.job_id, jobs.slug, jobs.attempts + 1 AS attempt
FROM jobs LEFT JOIN dispatches
  ON dispatches.job_id = jobs.job_id AND dispatches.attempt = jobs.attempts + 1
  AND dispatches.epoch = %(epoch)s AND dispatches.dispatched_at >= %(sent_before)s
WHERE jobs.status = 'PENDING' AND jobs.priority = %(priority)s
  AND (jobs.next_attempt_at IS NULL OR jobs.next_attempt_at <= %(now)s)
  AND dispatches.job_id IS NULL AND jobs.requested_by <> ALL(%(not_for)s)
ORDER BY jobs.position LIMIT %(limit)s
"""

_SWEEP = """
DELETE FROM dispatches USING jobs
WHERE jobs.job_id = dispatches.job_id
  AND (jobs.status <> 'PENDING' OR dispatches.attempt <> jobs.attempts + 1)
"""

_SENT_SINCE = """
SELECT count(*) AS messages FROM dispatches JOIN jobs USING (job_id)
WHERE dispatches.dispatched_at >= %s AND jobs.status = 'PENDING'
"""

_RECORD = Insert("dispatches", ("job_id", "attempt", "epoch", "dispatched_at"), key="job_id")


class PostgresDispatches(Dispatches):
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
            "now": now,
            "epoch": epoch,
            "sent_before": sent_before,
            "limit": limit,
            "not_for": list(not_for),
        }
        with self._store.reading() as cursor:
            cursor.execute(_DUE, wanted)
            return [DueJob(**row) for row in cursor.fetchall()]

    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None:
        with self._store.writing() as cursor:
            cursor.execute(_SWEEP)
            _RECORD.run(cursor, [(job.job_id, job.attempt, epoch, at) for job in due])

    def sent_since(self, moment: datetime) -> int:
        with self._store.reading() as cursor:
            cursor.execute(_SENT_SINCE, (moment,))
            row = cursor.fetchone()
            assert row is not None
            return int(row["messages"])

    def forget(self, job_id: UUID) -> None:
        with self._store.writing() as cursor:
            cursor.execute("DELETE FROM dispatches WHERE job_id = %s", (job_id,))
