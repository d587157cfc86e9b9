"""Tallies on every store: what was counted, over all days and by all processes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from functools import partial

import pytest

from application.tallies import Counts, Tallies, Tally, TallyBook
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store
from tests.support.core import Clock, in_threads

DAY = date(2026, 1, 1)
DUPLICATES, ORDERS = Tally.DUPLICATES_PREVENTED, Tally.ORDERS_REFUSED


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with closing(open_store(settings)) as store:
        yield store


@pytest.fixture
def book(store: Store) -> TallyBook:
    return store.tallies


def test_what_was_never_counted_is_none(book: TallyBook) -> None:
    assert book.totals() == {DUPLICATES: 0, ORDERS: 0}


def test_counts_of_all_days_add_up(book: TallyBook) -> None:
    book.add({(DAY, DUPLICATES): 3, (DAY, ORDERS): 1})
    book.add({(DAY, DUPLICATES): 4})
    book.add({(DAY + timedelta(days=1), DUPLICATES): 50, (DAY - timedelta(days=1), DUPLICATES): 100})

    assert book.totals() == {DUPLICATES: 157, ORDERS: 1}
    assert book.totals(first=DAY, last=DAY) == {DUPLICATES: 7, ORDERS: 1}
    assert book.totals(first=DAY + timedelta(days=1)) == {DUPLICATES: 50, ORDERS: 0}


def test_they_outlive_the_process_and_are_the_same_from_another(settings: Settings, book: TallyBook) -> None:
    book.add({(DAY, DUPLICATES): 3})

    with closing(open_store(settings)) as other:
        other.tallies.add({(DAY, DUPLICATES): 4})
        assert other.tallies.totals()[DUPLICATES] == 7

    assert book.totals()[DUPLICATES] == 7


def test_processes_that_add_at_once_lose_nothing(settings: Settings, store: Store) -> None:
    counts = {(DAY + timedelta(days=n), tally): 1 for n in range(20) for tally in Tally}
    backwards = dict(reversed(counts.items()))

    with closing(open_store(settings)) as other:
        in_threads(
            *(partial(_add_ten_times, store.tallies, some) for some in (counts, backwards)),
            *(partial(_add_ten_times, other.tallies, some) for some in (counts, backwards)),
        )

    assert store.tallies.totals() == {DUPLICATES: 800, ORDERS: 800}


def test_a_day_begins_at_midnight_in_utc(store: Store) -> None:
    clock = Clock()
    clock.advance(hours=23, minutes=59)
    tallies = Tallies(store.tallies, clock=clock)
    tallies.count(DUPLICATES, 2)
    clock.advance(minutes=1)
    tallies.count(DUPLICATES, 5)
    tallies.flush()

    store.tallies.add({(DAY, DUPLICATES): 10, (DAY + timedelta(days=1), DUPLICATES): 100})

    assert _days(store) == {"2026-01-01": 12, "2026-01-02": 105}


def test_a_count_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.tallies.add({(DAY, ORDERS): 1})
    _rename(store, "orders_refused", "known_later")

    assert store.tallies.totals() == {DUPLICATES: 0, ORDERS: 0}


def _add_ten_times(book: TallyBook, counts: Counts) -> None:
    for _ in range(10):
        book.add(counts)


def _days(store: Store) -> dict[str, int]:
    with store.tallies._datastore.transaction(commit=False) as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT day, count FROM tallies ORDER BY day")
        return {str(row["day"]): row["count"] for row in cursor.fetchall()}


def _rename(store: Store, old: str, new: str) -> None:
    with store.tallies._datastore.transaction(commit=True) as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"UPDATE tallies SET name = '{new}' WHERE name = '{old}'")
