"""API keys on SQLite, in the file of the events: a view store can be thrown away, these cannot.

Who they belong to stands in `actors`, under the id that events hold.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from application.api_keys import ApiKey, KeyBook, LiveKey, Scope
from application.errors import store_errors
from infrastructure.sqlite.columns import column, insert, moment
from infrastructure.sqlite.datastore import WalDatastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_keys (
    key_id TEXT PRIMARY KEY, scope TEXT NOT NULL, secret_hash BLOB NOT NULL,
    created_by TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT, revoked_at TEXT
);
CREATE TABLE IF NOT EXISTS actors (actor TEXT PRIMARY KEY, name TEXT NOT NULL, contact TEXT);
"""

_COLUMNS = (
    "key_id",
    "scope",
    "secret_hash",
    "created_by",
    "created_at",
    "last_used_at",
    "revoked_at",
)
_KEYS = "SELECT * FROM api_keys LEFT JOIN actors ON actor = key_id"
_ALL = f"{_KEYS} ORDER BY created_at DESC, key_id"
_KEY = f"{_KEYS} WHERE key_id = ?"
_LIVE = "SELECT key_id, scope, secret_hash FROM api_keys WHERE revoked_at IS NULL"
_REVOKE = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE key_id = ?"
_FORGET = "DELETE FROM actors WHERE actor = ?"
_NAMES_IN_KEYS = "SELECT 1 FROM pragma_table_info('api_keys') WHERE name = 'name'"
_USED = "UPDATE api_keys SET last_used_at = max(coalesce(last_used_at, ''), ?) WHERE key_id = ?"


class SqliteKeyBook(KeyBook):
    def __init__(self, datastore: WalDatastore) -> None:
        self._datastore = datastore

    def add(self, key: ApiKey, secret_hash: bytes) -> None:
        values = [secret_hash if name == "secret_hash" else column(getattr(key, name)) for name in _COLUMNS]
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(insert("api_keys", _COLUMNS), values)
            cursor.execute(
                insert("actors", ("actor", "name", "contact")), (key.key_id, key.name, key.contact)
            )

    def all(self) -> Sequence[ApiKey]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute(_ALL)
            return [_key(row) for row in cursor.fetchall()]

    def live(self) -> Mapping[str, LiveKey]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            cursor.execute(_LIVE)
            return {
                row["key_id"]: LiveKey(Scope(row["scope"]), row["secret_hash"]) for row in cursor.fetchall()
            }

    def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.execute(_REVOKE, (column(at), key_id))
            return _found(cursor, key_id)

    def forget(self, key_id: str) -> ApiKey | None:
        with store_errors(), self._datastore.immediate() as cursor:
            known = _found(cursor, key_id)
            cursor.execute(_FORGET, (key_id,))
            return known

    def used(self, times: Mapping[str, datetime]) -> None:
        with store_errors(), self._datastore.transaction(commit=True) as cursor:
            cursor.executemany(_USED, [(column(at), key_id) for key_id, at in times.items()])


def move_names(connection: sqlite3.Connection) -> None:
    """Out of the keys of a file of version 1, into a table of their own. Raises sqlite3.Error."""
    if connection.execute(_NAMES_IN_KEYS).fetchone():
        connection.execute("INSERT INTO actors (actor, name) SELECT key_id, name FROM api_keys")
        connection.execute("ALTER TABLE api_keys DROP COLUMN name")


def _found(cursor: Any, key_id: str) -> ApiKey | None:
    cursor.execute(_KEY, (key_id,))
    row = cursor.fetchone()
    return None if row is None else _key(row)


def _key(row: Any) -> ApiKey:
    created_at = moment(row["created_at"])
    assert created_at is not None
    return ApiKey(
        key_id=row["key_id"],
        name=row["name"],
        contact=row["contact"],
        scope=Scope(row["scope"]),
        created_by=row["created_by"],
        created_at=created_at,
        last_used_at=moment(row["last_used_at"]),
        revoked_at=moment(row["revoked_at"]),
    )
