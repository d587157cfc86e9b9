"""Rate limits: how many requests one key may send within a minute.

Requests that change something, or have something written, are limited apart from those that only read. A
minute is any minute: what was let through is forgotten one by one, 60 s later.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from threading import Lock
from time import monotonic

from domain.errors import MovieMindError

WINDOW_SECONDS = 60


class RequestKind(StrEnum):
    GENERATE = "generate"
    """Asks for a text, or changes anything."""

    READ = "read"


PerMinute = Mapping[RequestKind, int]


class Counter(StrEnum):
    """Who counts."""

    REDIS = "redis"
    """All processes together."""

    PROCESS = "process"
    """Each process for itself."""


@dataclass(eq=False)
class RateLimited(MovieMindError):
    """The key has sent all the {limit} requests it may send within a minute to {kind}."""

    kind: RequestKind
    limit: int
    reset_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Where a key stands with requests of a kind, after one that was let through or refused.

    Of `limit` in a minute it has `remaining`, and one more of them after `reset_seconds`.
    """

    kind: RequestKind
    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: int

    @classmethod
    def of(
        cls, kind: RequestKind, limit: int, *, is_allowed: bool, counted: int, oldest_age: float
    ) -> "Spent":
        """`counted` are the requests within the minute, of which the oldest came `oldest_age` seconds ago."""
        return cls(
            kind=kind,
            is_allowed=is_allowed,
            limit=limit,
            remaining=max(0, limit - counted),
            reset_seconds=max(1, ceil(WINDOW_SECONDS - oldest_age)),
        )


class RateLimits(ABC):
    """Safe to use from any number of threads."""

    @abstractmethod
    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        """Count a request, unless it is one too many: what is refused costs nothing."""

    @property
    @abstractmethod
    def counter(self) -> Counter: ...


class ProcessRateLimits(RateLimits):
    """Counted in memory; several processes let through as many times as much."""

    counter = Counter.PROCESS

    def __init__(self, per_minute: PerMinute, *, clock: Callable[[], float] = monotonic) -> None:
        """`clock` is in seconds from whatever beginning."""
        self._per_minute = per_minute
        self._clock = clock
        self._lock = Lock()
        self._passed: dict[tuple[str, RequestKind], deque[float]] = {}
        self._swept_at = clock()

    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        limit = self._per_minute[kind]
        with self._lock:
            now = self._clock()
            self._sweep(now)
            passed = self._passed.setdefault((key_id, kind), deque())
            while passed and passed[0] <= now - WINDOW_SECONDS:
                passed.popleft()
            if is_allowed := len(passed) < limit:
                passed.append(now)
            return Spent.of(
                kind, limit, is_allowed=is_allowed, counted=len(passed), oldest_age=now - passed[0]
            )

    def _sweep(self, now: float) -> None:
        """Once in a while forget keys that send nothing any more."""
        if now - self._swept_at >= WINDOW_SECONDS:
            self._swept_at = now
            since = now - WINDOW_SECONDS
            self._passed = {key: passed for key, passed in self._passed.items() if passed[-1] > since}
