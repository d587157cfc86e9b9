"""API keys: who may call, and how far.

A key is `mm_ID_SECRET`. It is shown once, when it is made; the store keeps a hash of its secret. What is
before the secret is the key's id: it stands for its owner in every event, and means nothing by itself. Who
that is, by name and contact, is kept apart from everything else, where it can be forgotten.

The secret has 256 random bits, so a plain SHA-256 is as hard to turn back as a slow hash would be.
"""

import hmac
import math
import secrets
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from application.errors import StoreUnavailable
from application.movie_generations import Clock
from domain.errors import MovieMindError

PREFIX = "mm_"
_ID_BYTES, _SECRET_BYTES = 6, 32
_LOOKS_APART_SECONDS = 0.05


class Scope(StrEnum):
    """What a key may do; each holds those before it."""

    READ = "read"
    GENERATE = "generate"
    ADMIN = "admin"

    def holds(self, other: "Scope") -> bool:
        return _ORDER.index(self) >= _ORDER.index(other)


_ORDER = tuple(Scope)


@dataclass(eq=False)
class KeyNotFound(MovieMindError):
    """There is no key {key_id}."""

    key_id: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who has passed; `id` is what events call them."""

    id: str
    scope: Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is kept of a key. `last_used_at` is some seconds late; None while it was never used. Without a
    `name` its owner was forgotten."""

    key_id: str
    name: str | None
    contact: str | None = None
    scope: Scope
    created_by: str
    created_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LiveKey:
    """What it takes to recognise a key."""

    scope: Scope
    secret_hash: bytes


class KeyBook(ABC):
    """All keys, in the store. Everything here raises StoreUnavailable."""

    @abstractmethod
    def add(self, key: ApiKey, secret_hash: bytes) -> None: ...

    @abstractmethod
    def all(self) -> Sequence[ApiKey]:
        """The newest first, with those that were revoked."""

    @abstractmethod
    def live(self) -> Mapping[str, LiveKey]:
        """Those that open something, by their ids."""

    @abstractmethod
    def revoke(self, key_id: str, at: datetime) -> ApiKey | None:
        """The key, which opens nothing from now on; None when there is none. The first time counts."""

    @abstractmethod
    def forget(self, key_id: str) -> ApiKey | None:
        """The key as it was before its name and contact were deleted; None when there is none."""

    @abstractmethod
    def used(self, times: Mapping[str, datetime]) -> None:
        """When keys were used last; a later moment that is known already stays."""


class KeyRing:
    """The keys as a process knows them: looked up in memory, and read anew from the store every second.

    While the store is away the keys that were known last hold on. Safe to use from any number of threads.
    """

    def __init__(self, book: KeyBook, *, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._live: Mapping[str, LiveKey] = {}
        self._read_at = -math.inf
        self._failure: StoreUnavailable | None = None
        self._reading = threading.Lock()
        self._used: dict[str, datetime] = {}
        self._using = threading.Lock()

    def caller_with(self, key: str) -> Caller | None:
        """Takes as long for a wrong secret as for the right one."""
        key_id, secret = _parts(key)
        live = self._live.get(key_id)
        if live is None or not hmac.compare_digest(live.secret_hash, _hash(secret)):
            return None
        with self._using:
            self._used[key_id] = self._clock()
        return Caller(key_id, live.scope)

    def may_be_new(self, key: str) -> bool:
        """Whether it looks like one that another process has made since the book was read."""
        key_id, secret = _parts(key)
        return bool(secret) and key_id not in self._live

    def look_again(self, *, asked_at: float) -> None:
        """Know the keys there were at a moment of the monotonic clock. All who asked before a look are helped
        by it, and looks are some time apart, so that keys made up by a stranger keep neither the store busy
        nor those waiting whose key is new. Raises StoreUnavailable."""
        with self._reading:
            if self._read_at < asked_at:
                time.sleep(max(0.0, self._read_at + _LOOKS_APART_SECONDS - time.monotonic()))
                self._read()
            elif self._failure is not None:
                raise self._failure

    def refresh(self) -> None:
        """Read the book. Raises StoreUnavailable."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        began_at, self._failure = time.monotonic(), None
        try:
            self._live = self._book.live()
        except StoreUnavailable as error:
            began_at, self._failure = time.monotonic(), error  # whoever has waited for it is told the same
            raise
        finally:
            self._read_at = began_at

    def flush(self) -> None:
        """Write down when keys were used last. Raises StoreUnavailable."""
        with self._using:
            used, self._used = self._used, {}
        if not used:
            return
        try:
            self._book.used(used)
        except BaseException:
            with self._using:
                self._used = used | self._used
            raise

    def create(self, name: str, scope: Scope, *, by: str, contact: str | None = None) -> tuple[ApiKey, str]:
        """A new key, and the key itself, which nobody can be told again. Raises StoreUnavailable."""
        key_id, secret = PREFIX + secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(_SECRET_BYTES)
        key = ApiKey(
            key_id=key_id, name=name, contact=contact, scope=scope, created_by=by, created_at=self._clock()
        )
        self._book.add(key, _hash(secret))
        self.refresh()
        return key, f"{key_id}_{secret}"

    def all(self) -> Sequence[ApiKey]:
        """Raises StoreUnavailable."""
        self.flush()
        return self._book.all()

    def revoke(self, key_id: str) -> ApiKey:
        """It opens nothing from now on; to other processes, within a second. Raises KeyNotFound,
        StoreUnavailable."""
        revoked = self._book.revoke(key_id, self._clock())
        if revoked is None:
            raise KeyNotFound(key_id)
        self.refresh()
        return revoked

    def forget(self, key_id: str) -> ApiKey:
        """Delete who the key belongs to, for ever; what it opens and what it did stay. Returns the key as it
        was before. Raises KeyNotFound, StoreUnavailable."""
        known = self._book.forget(key_id)
        if known is None:
            raise KeyNotFound(key_id)
        return known


def _parts(key: str) -> tuple[str, str]:
    """Id and secret; the secret is empty in what is no key of ours."""
    if not key.startswith(PREFIX):
        return "", ""
    number, _, secret = key.removeprefix(PREFIX).partition("_")
    return PREFIX + number, secret


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
