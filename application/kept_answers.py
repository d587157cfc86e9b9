"""Answers kept by idempotency key: a request that is sent again within a day is answered as it was before.

They are a cache. That nothing is accepted twice does not hang on them: the ids of jobs are derived from the
key, so the film's stream knows a repeat for ever.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from application.errors import StoreUnavailable
from application.movie_generations import Clock
from domain.errors import MovieMindError

KEPT_FOR = timedelta(hours=24)


@dataclass(eq=False)
class IdempotencyKeyReused(MovieMindError):
    """The Idempotency-Key '{key}' came with another body before; a new request needs a new key."""

    key: str


@dataclass(frozen=True, slots=True)
class Repeatable:
    """Which request this is: whose, under which key, and what it says."""

    caller: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """`answer` is None while the first request is being answered, or if its process died meanwhile."""

    fingerprint: bytes
    answer: Answer | None


class AnswerBook(ABC):
    """What is kept, in the store. Everything here raises StoreUnavailable."""

    @abstractmethod
    def reserve(self, request: Repeatable, *, now: datetime, kept_since: datetime) -> Kept:
        """What is kept under the key, which is the request itself where nothing was kept since then."""

    @abstractmethod
    def keep(self, request: Repeatable, answer: Answer) -> Answer:
        """The answer that is kept: this one, or one that was there before."""

    @abstractmethod
    def release(self, request: Repeatable) -> None:
        """Forget a request that was refused, unless somebody else has answered it."""

    @abstractmethod
    def forget(self, *, before: datetime) -> None:
        """Those that were kept for long enough."""


class KeptAnswers:
    """Safe to use from any number of threads."""

    def __init__(self, book: AnswerBook, *, clock: Clock) -> None:
        self._book = book
        self._clock = clock

    def begin(self, request: Repeatable) -> Answer | None:
        """The answer to give again; None when there is none yet, and the request is to be answered.

        Raises IdempotencyKeyReused, StoreUnavailable.
        """
        now = self._clock()
        kept = self._book.reserve(request, now=now, kept_since=now - KEPT_FOR)
        if kept.fingerprint != request.fingerprint:
            raise IdempotencyKeyReused(request.key)
        return kept.answer

    def end(self, request: Repeatable, answer: Answer) -> Answer:
        """The answer to give: of several that were found at once, the first. What was accepted is accepted,
        so a store that cannot keep the answer is no reason to refuse it."""
        with suppress(StoreUnavailable):
            return self._book.keep(request, answer)
        return answer

    def give_up(self, request: Repeatable) -> None:
        """The request was refused; the same key may come with a better one."""
        with suppress(StoreUnavailable):
            self._book.release(request)

    def forget_old_ones(self) -> None:
        """Raises StoreUnavailable."""
        self._book.forget(before=self._clock() - KEPT_FOR)
