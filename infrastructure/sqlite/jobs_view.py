"""The jobs view on SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from application.read_models import JobCounts, JobRow, JobSearch, JobsView, OpenClaim
from domain.values import FailureType, JobStatus
from infrastructure.sqlite.columns import column, columns_of, moment, uuid
from infrastructure.sqlite.view_table import SqliteView, ViewTable

SCHEMA = """
CREATE TABLE {table} (
    job_id TEXT PRIMARY KEY, slug TEXT NOT NULL, requested_slug TEXT NOT NULL, locale TEXT NOT NULL,
    context_tag TEXT NOT NULL, status TEXT NOT NULL, confidence REAL NOT NULL, forced INTEGER NOT NULL,
    priority TEXT NOT NULL, requested_by TEXT NOT NULL, attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL, next_attempt_at TEXT, worker_id TEXT, claim_expires_at TEXT,
    description_id TEXT, failure_type TEXT, failure_message TEXT, failure_technical_message TEXT,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, position INTEGER NOT NULL UNIQUE
);
CREATE INDEX {table}_waiting ON {table} (status, priority, position);
CREATE INDEX {table}_of_a_film ON {table} (slug, position);
"""


def _job_row(row: sqlite3.Row) -> JobRow:
    typed = {
        "job_id": UUID(row["job_id"]),
        "status": JobStatus(row["status"]),
        "forced": bool(row["forced"]),
        "description_id": uuid(row["description_id"]),
    }
    moments = ("next_attempt_at", "claim_expires_at", "created_at", "updated_at")
    return JobRow(**dict(row) | typed | {name: moment(row[name]) for name in moments})


class SqliteJobsView(SqliteView[UUID, JobRow], JobsView):
    table = ViewTable(
        schema=SCHEMA,
        columns=JobRow._fields,
        key=("job_id",),
        key_of=lambda row: row.job_id,
        values=columns_of,
        row=_job_row,
    )

    def get(self, job_id: UUID) -> JobRow | None:
        with self._store.reading() as cursor:
            cursor.execute("SELECT * FROM jobs WHERE job_id = ?", (str(job_id),))
            row = cursor.fetchone()
            return None if row is None else _job_row(row)

    def list(self, search: JobSearch, *, before: int | None, limit: int) -> Sequence[JobRow]:
        wanted = {
            "status = ?": search.status,
            "slug = ?": search.slug,
            "created_at >= ?": column(search.since),
            "failure_type = ?": search.failure_type,
            "position < ?": before,
        }
        wanted = {condition: value for condition, value in wanted.items() if value is not None}
        where = " AND ".join(wanted) or "TRUE"
        with self._store.reading() as cursor:
            cursor.execute(
                f"SELECT * FROM jobs WHERE {where} ORDER BY position DESC LIMIT ?", (*wanted.values(), limit)
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
                "SELECT job_id, slug, attempts, worker_id, claim_expires_at FROM jobs"
                " WHERE status = 'IN_PROGRESS'"
            )
            return [
                OpenClaim(
                    UUID(row["job_id"]),
                    row["slug"],
                    row["attempts"],
                    row["worker_id"],
                    datetime.fromisoformat(row["claim_expires_at"]),
                )
                for row in cursor.fetchall()
            ]

    def counts(self, now: datetime) -> JobCounts:
        with self._store.reading() as cursor:
            cursor.execute("SELECT status, count(*) AS jobs FROM jobs GROUP BY status ORDER BY status")
            by_status = {JobStatus(row["status"]): row["jobs"] for row in cursor.fetchall()}
            cursor.execute(
                "SELECT min(coalesce(next_attempt_at, updated_at)) FROM jobs"
                " WHERE status = 'PENDING' AND coalesce(next_attempt_at, updated_at) <= ?",
                (column(now),),
            )
            return JobCounts(by_status, moment(cursor.fetchone()[0]))
