"""The jobs view on PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import DictRow

from application.read_models import JobCounts, JobRow, JobSearch, JobsView, OpenClaim
from domain.values import FailureType, JobStatus
from infrastructure.postgres.view_table import PostgresView, ViewTable

SCHEMA = """
CREATE TABLE {table} (
    job_id uuid PRIMARY KEY, slug text COLLATE "C" NOT NULL, requested_slug text NOT NULL,
    locale text NOT NULL, context_tag text NOT NULL, status text COLLATE "C" NOT NULL,
    confidence double precision NOT NULL, forced boolean NOT NULL, priority text COLLATE "C" NOT NULL,
    requested_by text NOT NULL, attempts integer NOT NULL, max_attempts integer NOT NULL,
    next_attempt_at timestamptz, worker_id text, claim_expires_at timestamptz,
    description_id uuid, failure_type text, failure_message text, failure_technical_message text,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, position bigint NOT NULL UNIQUE
);
CREATE INDEX {table}_waiting ON {table} (priority, position) WHERE status = 'PENDING';
CREATE INDEX {table}_of_a_status ON {table} (status, position);
CREATE INDEX {table}_of_a_film ON {table} (slug, position);
"""

_COUNTS = "SELECT status, count(*) AS jobs FROM jobs GROUP BY status ORDER BY status"
_OLDEST_DUE = """
SELECT min(coalesce(next_attempt_at, updated_at)) AS at FROM jobs
WHERE status = 'PENDING' AND coalesce(next_attempt_at, updated_at) <= %s
"""


def _job_row(row: DictRow) -> JobRow:
    return JobRow(**row | {"status": JobStatus(row["status"])})


class PostgresJobsView(PostgresView[UUID, JobRow], JobsView):
    table = ViewTable(
        schema=SCHEMA,
        columns=JobRow._fields,
        key={"job_id": "uuid"},
        key_of=lambda row: row.job_id,
        values=lambda row: row,
        row=_job_row,
    )

    def get(self, job_id: UUID) -> JobRow | None:
        with self._store.reading() as cursor:
            cursor.execute("SELECT * FROM jobs WHERE job_id = %s", (job_id,))
            row = cursor.fetchone()
            return None if row is None else _job_row(row)

    def list(self, search: JobSearch, *, before: int | None, limit: int) -> Sequence[JobRow]:
        wanted = {
            "status = %s": search.status,
            "slug = %s": search.slug,
            "created_at >= %s": search.since,
            "failure_type = %s": search.failure_type,
            "position < %s": before,
        }
        wanted = {condition: value for condition, value in wanted.items() if value is not None}
        where = " AND ".join(wanted) or "TRUE"
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM jobs WHERE {where} ORDER BY position DESC LIMIT %s",
                (*wanted.values(), limit),
            )
            return [_job_row(row) for row in cursor.fetchall()]

    def failures_by_type(self) -> dict[FailureType, int]:
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT failure_type, count(*) AS jobs FROM jobs WHERE status = 'FAILED'"
                " GROUP BY failure_type ORDER BY failure_type"
            )
            return {FailureType(row["failure_type"]): row["jobs"] for row in cursor.fetchall()}

    def open_claims(self) -> Sequence[OpenClaim]:
        with self._store.reading() as cursor:
            cursor.execute(
                "SELECT job_id, slug, attempts AS attempt, worker_id, claim_expires_at AS expires_at"
                " FROM jobs WHERE status = 'IN_PROGRESS'"
            )
            return [OpenClaim(**row) for row in cursor.fetchall()]

    def counts(self, now: datetime) -> JobCounts:
        with self._store.reading() as cursor:
            cursor.execute(_COUNTS)
            by_status = {JobStatus(row["status"]): row["jobs"] for row in cursor.fetchall()}
            cursor.execute(_OLDEST_DUE, (now,))
            oldest = cursor.fetchone()
        return JobCounts(by_status, oldest["at"] if oldest else None)
