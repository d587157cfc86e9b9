"""Counting in memory: nothing is lost on the way into the store but what a kill takes."""

from contextlib import suppress
from datetime import date

import pytest
from structlog.testing import capture_logs

from application.errors import StoreUnavailable
from application.tallies import Counts, Tallies, Tally, TallyBook
from interfaces import upkeep
from tests.support.core import Clock, in_threads
from tests.support.process import wait_until

DUPLICATES, ORDERS = Tally.DUPLICATES_PREVENTED, Tally.ORDERS_REFUSED


class _Book(TallyBook):
    """A book in memory that can be away."""

    def __init__(self) -> None:
        self.is_away = False
        self.added: list[dict[Tally, int]] = []

    def add(self, counts: Counts) -> None:
        if self.is_away:
            raise StoreUnavailable("it is away")
        self.added.append({tally: count for (_, tally), count in counts.items()})

    def totals(self, *, first: date = date.min, last: date = date.max) -> dict[Tally, int]:
        return {tally: sum(added.get(tally, 0) for added in self.added) for tally in Tally}


@pytest.fixture
def book() -> _Book:
    return _Book()


@pytest.fixture
def tallies(book: _Book) -> Tallies:
    return Tallies(book, clock=Clock())


def test_counts_are_added_together_and_once(book: _Book, tallies: Tallies) -> None:
    tallies.count(DUPLICATES)
    tallies.count(DUPLICATES, 4)
    tallies.count(ORDERS)
    assert book.added == []

    tallies.flush()
    tallies.flush()

    assert book.added == [{DUPLICATES: 5, ORDERS: 1}]
    assert tallies.totals() == {DUPLICATES: 5, ORDERS: 1}


def test_nothing_is_added_when_nothing_happened(book: _Book, tallies: Tallies) -> None:
    tallies.count(DUPLICATES, 0)

    tallies.flush()

    assert book.added == []


def test_what_the_store_does_not_take_is_kept_for_the_next_time(book: _Book, tallies: Tallies) -> None:
    tallies.count(DUPLICATES, 2)
    book.is_away = True
    with pytest.raises(StoreUnavailable):
        tallies.flush()
    tallies.count(DUPLICATES)
    book.is_away = False

    tallies.flush()

    assert book.added == [{DUPLICATES: 3}]


def test_threads_that_count_while_others_flush_lose_nothing(book: _Book, tallies: Tallies) -> None:
    def count() -> None:
        for _ in range(2_000):
            tallies.count(DUPLICATES)

    def flush() -> None:
        for _ in range(200):
            tallies.flush()

    in_threads(*[count] * 6, *[flush] * 2)
    tallies.flush()

    assert book.totals()[DUPLICATES] == 12_000


def test_a_process_adds_what_it_has_counted_while_it_runs(
    book: _Book, tallies: Tallies, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "FLUSH_SECONDS", 0.01)

    with upkeep.flushing({"tallies": tallies.flush}):
        tallies.count(DUPLICATES)
        wait_until(lambda: book.totals()[DUPLICATES] == 1, "it is added")
        tallies.count(DUPLICATES)
        wait_until(lambda: book.totals()[DUPLICATES] == 2, "that too")


def test_a_process_adds_the_rest_at_its_end_also_at_a_bad_one(book: _Book, tallies: Tallies) -> None:
    with suppress(ZeroDivisionError), upkeep.flushing({"tallies": tallies.flush}):
        tallies.count(DUPLICATES)
        raise ZeroDivisionError

    assert book.totals()[DUPLICATES] == 1


def test_a_store_that_is_away_at_the_end_is_no_error(book: _Book, tallies: Tallies) -> None:
    book.is_away = True

    with capture_logs(), upkeep.flushing({"tallies": tallies.flush}):
        tallies.count(DUPLICATES)
