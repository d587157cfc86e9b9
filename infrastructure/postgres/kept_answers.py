"""Answers kept by idempotency key, on PostgreSQL."""

from datetime import datetime
from typing import Any

from psycopg.types.json import Json

from application.kept_answers import Answer, AnswerBook, Kept, Repeatable
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept_answers (
    caller text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, reserved_at timestamptz NOT NULL,
    status integer, headers json, body bytea, PRIMARY KEY (caller, key)
);
CREATE INDEX IF NOT EXISTS kept_answers_by_age ON kept_answers (reserved_at);
"""

_MINE = "caller = %s AND key = %s"
_OF_IT = f"{_MINE} AND fingerprint = %s"
_EXPIRE = f"DELETE FROM kept_answers WHERE {_MINE} AND reserved_at < %s"
_RESERVE = (
    "INSERT INTO kept_answers (caller, key, fingerprint, reserved_at) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (caller, key) DO NOTHING"
)
_GET = f"SELECT * FROM kept_answers WHERE {_MINE}"
_KEEP = f"UPDATE kept_answers SET status = %s, headers = %s, body = %s WHERE {_OF_IT} AND status IS NULL"
_RELEASE = f"DELETE FROM kept_answers WHERE {_OF_IT} AND status IS NULL"
_GET_IT = f"SELECT * FROM kept_answers WHERE {_OF_IT}"
_FORGET = "DELETE FROM kept_answers WHERE reserved_at < %s"


class PostgresAnswerBook(AnswerBook):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def reserve(self, request: Repeatable, *, now: datetime, kept_since: datetime) -> Kept:
        mine = (request.caller, request.key)
        with self._datastore.writing() as cursor:
            cursor.execute(_EXPIRE, (*mine, kept_since))
            cursor.execute(_RESERVE, (*mine, request.fingerprint, now))  # waits for another that reserves it
            cursor.execute(_GET, mine)
            row = cursor.fetchone()
            # Who reserved it may have released it between the two statements.
            return Kept(row["fingerprint"], _answer(row)) if row else Kept(request.fingerprint, None)

    def keep(self, request: Repeatable, answer: Answer) -> Answer:
        it = (request.caller, request.key, request.fingerprint)
        with self._datastore.writing() as cursor:
            cursor.execute(_KEEP, (answer.status, Json(dict(answer.headers)), answer.body, *it))
            cursor.execute(_GET_IT, it)
            row = cursor.fetchone()
            return (_answer(row) if row else None) or answer

    def release(self, request: Repeatable) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_RELEASE, (request.caller, request.key, request.fingerprint))

    def forget(self, *, before: datetime) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_FORGET, (before,))


def _answer(row: dict[str, Any]) -> Answer | None:
    return None if row["status"] is None else Answer(row["status"], row["headers"], row["body"])
