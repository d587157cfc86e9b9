"""Keys in memory, of a store that can be away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from application.api_keys import ApiKey, KeyBook, LiveKey
from application.errors import StoreUnavailable


class MemoryKeyBook(KeyBook):
    """`tries` and `reads` count how often the live keys were looked up, in vain or not."""

    def __init__(self) -> None:
        self.is_away = False
        self.tries = self.reads = 0
        self._keys: dict[str, tuple[ApiKey, bytes]] = {}

    def add(self, key: ApiKey, secret_hash: bytes) -> None:
        self._check()
        self._keys[key.key_id] = key, secret_hash

    def all(self) -> Sequence[ApiKey]:
        self._check()
        return [key for key, _ in reversed(self._keys.values())]

    def live(self) -> Mapping[str, LiveKey]:
        self.tries += 1
        self._check()
        self.reads += 1
        return {
            key.key_id: LiveKey(key.scope, secret_hash)
            for key, secret_hash in self._keys.values()
            if key.revoked_at is None
        }

    def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        self._check()
        if key_id not in self._keys:
            return None
        key, secret_hash = self._keys[key_id]
        revoked = replace(key, revoked_at=key.revoked_at or at)
        self._keys[key_id] = revoked, secret_hash
        return revoked

    def forget(self, key_id: str) -> ApiKey | None:
        self._check()
        if key_id not in self._keys:
            return None
        key, secret_hash = self._keys[key_id]
        self._keys[key_id] = replace(key, name=None, contact=None), secret_hash
        return key

    def used(self, times: Mapping[str, datetime]) -> None:
        self._check()
        for key_id, at in times.items():
            key, secret_hash = self._keys[key_id]
            self._keys[key_id] = replace(key, last_used_at=max(at, key.last_used_at or at)), secret_hash

    def _check(self) -> None:
        if self.is_away:
            raise StoreUnavailable("away for this test")
