"""The log as its followers read it, several at the same time."""

import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from application import event_log
from application.event_log import EventLog, Recorded
from infrastructure.store import Store
from tests.support.core import in_threads
from tests.support.random_films import RandomFilms


class _Shared(dict[UUID, str]):
    """What threads add to at any moment: to walk it may fail whenever another thread runs."""

    def __iter__(self) -> Iterator[UUID]:
        raise RuntimeError("dictionary changed size during iteration")

    keys = values = items = __iter__  # type: ignore[assignment]


@pytest.fixture
def recorded(store: Store) -> list[Recorded]:
    films = RandomFilms(7, films=30, save=lambda film: store.generations.save(film.movie))
    films.go_on(150)
    return store.log.after(0, limit=1_000)


def test_what_threads_share_is_never_walked(store: Store, recorded: list[Recorded]) -> None:
    log = EventLog(store.generations)
    log._slugs = _Shared()

    assert [one for at in recorded for one in log.after(at.position - 1, limit=1)] == recorded


def test_threads_that_read_at_the_same_time_read_the_same(
    store: Store, recorded: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while one of them forgets the slugs of all."""
    monkeypatch.setattr(event_log, "SLUGS_KEPT", 8)
    log = EventLog(store.generations)
    log._slugs.update({uuid4(): "kept" for _ in range(7)})

    def read(limit: int) -> list[Recorded]:
        found: list[Recorded] = []
        while batch := log.after(found[-1].position if found else 0, limit=limit):
            found += batch
        return found

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        found = in_threads(*(lambda limit=limit: read(limit) for limit in (1, 2, 3, 5)))
    finally:
        sys.setswitchinterval(interval)

    assert found == [recorded] * 4


def test_no_events_are_no_question(store: Store) -> None:
    assert store.log.after(0, limit=10) == []
