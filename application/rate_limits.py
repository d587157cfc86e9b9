"""Rate limits: how many requests one key may send within a minute.

Requests that change something, or have something written, are limited apart from those that only read.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum

from domain.errors import MovieMindError

WINDOW_SECONDS = 60


class RequestKind(StrEnum):
    GENERATE = "generate"
    """Asks for a text, or changes anything."""

    READ = "read"


@dataclass(eq=False)
class RateLimited(MovieMindError):
    """The key has sent all the {limit} requests it may send within a minute to {kind}."""

    kind: RequestKind
    limit: int
    reset_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Where a key stands with requests of a kind, after one that was let through or refused.

    Of `limit` in a minute it has `remaining`, and more of them again after `reset_seconds`.
    """

    kind: RequestKind
    is_allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


class RateLimits(ABC):
    """Safe to use from any number of threads."""

    @abstractmethod
    def spend(self, key_id: str, kind: RequestKind) -> Spent:
        """Count a request, unless it is one too many: what is refused costs nothing."""
