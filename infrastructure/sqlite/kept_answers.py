"""Answers kept by idempotency key, on SQLite, in the file of the events."""

import json
from datetime import datetime
from typing import Any

from application.errors import store_errors
from application.kept_answers import Answer, AnswerBook, Kept, Repeatable
from infrastructure.sqlite.columns import column
from infrastructure.sqlite.datastore import WalDatastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS kept_answers (
    caller TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, reserved_at TEXT NOT NULL,
    status INTEGER, headers TEXT, body BLOB, PRIMARY KEY (caller, key)
);
CREATE INDEX IF NOT EXISTS kept_answers_by_age ON kept_answers (reserved_at);
"""

_MINE = "caller = ? AND key = ?"
_OF_IT = f"{_MINE} AND fingerprint = ?"
_EXPIRE = f"DELETE FROM kept_answers WHERE {_MINE} AND reserved_at < ?"
_RESERVE = (
    "INSERT INTO kept_answers (caller, key, fingerprint, reserved_at) VALUES (?, ?, ?, ?)"
    " ON CONFLICT (caller, key) DO NOTHING"
)
_GET = f"SELECT * FROM kept_answers WHERE {_MINE}"
_KEEP = f"UPDATE kept_answers SET status = ?, headers = ?, body = ? WHERE {_OF_IT} AND status IS NULL"
_RELEASE = f"DELETE FROM kept_answers WHERE {_OF_IT} AND status IS NULL"
_GET_IT = f"SELECT * FROM kept_answers WHERE {_OF_IT}"
_FORGET = "DELETE FROM kept_answers WHERE reserved_at < ?"


class SqliteAnswerBook(AnswerBook):
    def __init__(self, datastore: WalDatastore) -> None:
        self._datastore = datastore

    def reserve(self, request: Repeatable, *, now: datetime, kept_since: datetime) -> Kept:
        mine = (request.caller, request.key)
        with store_errors(), self._datastore.immediate() as cursor:
            cursor.execute(_EXPIRE, (*mine, column(kept_since)))
            cursor.execute(_RESERVE, (*mine, request.fingerprint, column(now)))
            cursor.execute(_GET, mine)
            row = cursor.fetchone()
            return Kept(row["fingerprint"], _answer(row))

    def keep(self, request: Repeatable, answer: Answer) -> Answer:
        it = (request.caller, request.key, request.fingerprint)
        with store_errors(), self._datastore.immediate() as cursor:
            cursor.execute(_KEEP, (answer.status, json.dumps(dict(answer.headers)), answer.body, *it))
            cursor.execute(_GET_IT, it)
            row = cursor.fetchone()
            return (_answer(row) if row else None) or answer

    def release(self, request: Repeatable) -> None:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(_RELEASE, (request.caller, request.key, request.fingerprint))

    def forget(self, *, before: datetime) -> None:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(_FORGET, (column(before),))


def _answer(row: Any) -> Answer | None:
    return None if row["status"] is None else Answer(row["status"], json.loads(row["headers"]), row["body"])
