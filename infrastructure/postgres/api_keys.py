"""API keys on PostgreSQL. Who they belong to stands in `actors`, under the id that events hold."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from application.api_keys import ApiKey, KeyBook, LiveKey, Scope
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_keys (
    key_id text PRIMARY KEY, scope text NOT NULL, secret_hash bytea NOT NULL,
    created_by text NOT NULL, created_at timestamptz NOT NULL,
    last_used_at timestamptz, revoked_at timestamptz
);
"""

ACTORS_SCHEMA = """
CREATE TABLE IF NOT EXISTS actors (actor text PRIMARY KEY, name text NOT NULL, contact text);
"""
MOVE_NAMES = (
    # A key that is being added would be added between the statements, and its name dropped.
    "LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE",
    # The table may have been made a moment ago, without names. A column that is dropped stays in its rows.
    """
    DO $$ BEGIN
      IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'api_keys'::regclass AND attname = 'name') THEN
        INSERT INTO actors (actor, name) SELECT key_id, name FROM api_keys ON CONFLICT DO NOTHING;
        UPDATE api_keys SET name = '';
        ALTER TABLE api_keys DROP COLUMN name;
      END IF;
    END $$
    """,
)
"""Out of the keys of version 3, into a table of their own."""

_KEY = "key_id, scope, created_by, created_at, last_used_at, revoked_at"
_ADD = f"INSERT INTO api_keys ({_KEY}, secret_hash) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_ADD_ACTOR = "INSERT INTO actors (actor, name, contact) VALUES (%s, %s, %s)"
_KEYS = f"SELECT {_KEY}, name, contact FROM api_keys LEFT JOIN actors ON actor = key_id"
_ALL = f"{_KEYS} ORDER BY created_at DESC, key_id"
_ONE = f"{_KEYS} WHERE key_id = %s"
_LIVE = "SELECT key_id, scope, secret_hash FROM api_keys WHERE revoked_at IS NULL"
_REVOKE = "UPDATE api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE key_id = %s"
_FORGET = "DELETE FROM actors WHERE actor = %s"
# In one order for all processes: two that write at once would wait for each other otherwise.
_USED = """
WITH used AS (
  SELECT key_id, used_at FROM api_keys JOIN unnest(%s::text[], %s::timestamptz[]) AS used (key_id, used_at)
    USING (key_id) ORDER BY key_id FOR UPDATE OF api_keys
)
UPDATE api_keys SET last_used_at = greatest(last_used_at, used.used_at)
FROM used WHERE api_keys.key_id = used.key_id
"""


class PostgresKeyBook(KeyBook):
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def add(self, key: ApiKey, secret_hash: bytes) -> None:
        values = [getattr(key, name) for name in _KEY.split(", ")]
        with self._datastore.writing() as cursor:
            cursor.execute(_ADD, [*values, secret_hash])
            cursor.execute(_ADD_ACTOR, (key.key_id, key.name, key.contact))

    def all(self) -> Sequence[ApiKey]:
        with self._datastore.reading() as cursor:
            cursor.execute(_ALL)
            return [_key(row) for row in cursor.fetchall()]

    def live(self) -> Mapping[str, LiveKey]:
        with self._datastore.reading() as cursor:
            cursor.execute(_LIVE)
            return {
                row["key_id"]: LiveKey(Scope(row["scope"]), row["secret_hash"]) for row in cursor.fetchall()
            }

    def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        with self._datastore.writing() as cursor:
            cursor.execute(_REVOKE, (at, key_id))
            return _found(cursor, key_id)

    def forget(self, key_id: str) -> ApiKey | None:
        with self._datastore.writing() as cursor:
            known = _found(cursor, key_id)
            cursor.execute(_FORGET, (key_id,))
            return known

    def used(self, times: Mapping[str, datetime]) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_USED, [[*times], [*times.values()]])


def _found(cursor: Any, key_id: str) -> ApiKey | None:
    cursor.execute(_ONE, (key_id,))
    row = cursor.fetchone()
    return None if row is None else _key(row)


def _key(row: dict[str, Any]) -> ApiKey:
    return ApiKey(**row | {"scope": Scope(row["scope"])})
