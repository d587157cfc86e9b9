"""Tallies: how often something happened that leaves no event, by day.

They are for operators and approximate. Counting costs a request nothing: a process counts in memory and adds
its counts to the store every few seconds. What it has not added when it is killed is lost; what was added
without an answer, because the connection broke, is added again.
"""

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from application.commands.request_generation import (
    Request,
    RequestedGeneration,
    RequestGeneration,
    nothing,
)
from application.movie_generations import Clock


class Tally(StrEnum):
    DUPLICATES_PREVENTED = "duplicates_prevented"
    """Variants that were asked for and answered with a job or a description there was."""

    ORDERS_REFUSED = "orders_refused"
    """Requests that were refused because they read like an order to a model."""


Counts = Mapping[tuple[date, Tally], int]
"""By day in UTC."""


class TallyBook(ABC):
    """The tallies of all processes, in the store. Everything here raises StoreUnavailable."""

    @abstractmethod
    def add(self, counts: Counts) -> None: ...

    @abstractmethod
    def totals(self, *, first: date = date.min, last: date = date.max) -> dict[Tally, int]:
        """From one day to another, both included; those that were never counted are 0."""


class Tallies:
    """What this process has counted and not yet added to the book. Safe to use from any number of threads."""

    def __init__(self, book: TallyBook, *, clock: Clock) -> None:
        self._book = book
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[tuple[date, Tally]] = Counter()

    def count(self, tally: Tally, times: int = 1) -> None:
        if times:
            with self._lock:
                self._counts[self._clock().date(), tally] += times

    def flush(self) -> None:
        """Add to the book; what it does not take is kept for the next time. Raises StoreUnavailable."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._book.add(counts)
        except BaseException:
            with self._lock:
                self._counts += counts
            raise

    def totals(self, *, first: date = date.min, last: date = date.max) -> dict[Tally, int]:
        """What is in the book: the same from every process. Raises StoreUnavailable."""
        return self._book.totals(first=first, last=last)


def request_and_count(
    command: RequestGeneration,
    *,
    request: Request,
    tallies: Tallies,
    before_new: Callable[[], None] = nothing,
) -> RequestedGeneration:
    """`request` it, by whatever way it is answered, and count what needed no job of its own."""
    generation = request(command, before_new=before_new)
    joined = sum(not requested.is_new for requested in generation.requested)
    tallies.count(Tally.DUPLICATES_PREVENTED, joined)
    return generation
