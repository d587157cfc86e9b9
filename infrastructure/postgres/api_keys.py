"""API keys on PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from application.api_keys import ApiKey, KeyBook, LiveKey, Scope
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_keys (
    key_id text PRIMARY KEY, name text NOT NULL, scope text NOT NULL, secret_hash bytea NOT NULL,
    created_by text NOT NULL, created_at timestamptz NOT NULL,
    last_used_at timestamptz, revoked_at timestamptz
);
"""

_KEY = "key_id, name, scope, created_by, created_at, last_used_at, revoked_at"
_ADD = f"INSERT INTO api_keys ({_KEY}, secret_hash) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
_ALL = f"SELECT {_KEY} FROM api_keys ORDER BY created_at DESC, key_id"
_LIVE = "SELECT key_id, scope, secret_hash FROM api_keys WHERE revoked_at IS NULL"
_REVOKE = f"UPDATE api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE key_id = %s RETURNING {_KEY}"
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
            row = cursor.fetchone()
            return None if row is None else _key(row)

    def used(self, times: Mapping[str, datetime]) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_USED, [[*times], [*times.values()]])


def _key(row: dict[str, Any]) -> ApiKey:
    return ApiKey(**row | {"scope": Scope(row["scope"])})
