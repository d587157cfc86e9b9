"""The log that benchmarks run on holds all that a log can hold, and loads as any other does."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from eventsourcing.persistence import Notification

from benchmarks import synthetic_log
from benchmarks.synthetic_log import LogHasBegun, fill
from domain import events
from domain.values import JobStatus
from infrastructure.settings import load_settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store

EVENTS = 3_000
KINDS = {
    name
    for name, kind in vars(events).items()
    if isinstance(kind, type) and issubclass(kind, events.Event) and kind is not events.Event
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(_empty(tmp_path_factory.mktemp("log"))) as store:
        fill(store, events=EVENTS)
        yield store


def test_it_has_as_many_events_as_were_wanted(store: Store) -> None:
    assert len(_stored(store)) == EVENTS


def test_every_kind_of_event_occurs(store: Store) -> None:
    assert {type(recorded.event).__name__ for recorded in store.log.after(0, limit=EVENTS)} == KINDS


def test_every_film_loads_up_to_its_last_event(store: Store) -> None:
    lengths = Counter(recorded.slug for recorded in store.log.after(0, limit=EVENTS))

    assert {slug: store.generations.load(slug).version for slug in lengths} == lengths


def test_jobs_end_in_every_status(store: Store) -> None:
    slugs = {recorded.slug for recorded in store.log.after(0, limit=EVENTS)}
    films = [store.generations.load(slug) for slug in slugs]

    assert {job.status for film in films for job in film.jobs.values()} == set(JobStatus)


def test_no_event_happens_before_the_one_it_follows(store: Store) -> None:
    times = [recorded.event.timestamp for recorded in store.log.after(0, limit=EVENTS)]

    assert times == sorted(times)


def test_the_same_seed_gives_the_same_states_in_appends_of_any_size(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic_log, "APPEND", 700)
    added: list[int] = []
    with closing(_empty(tmp_path)) as other:
        fill(other, events=EVENTS, progress=added.append)

        assert _stored(other) == _stored(store)
    assert added == [700, 700, 700, 700, 200]


def test_another_seed_gives_other_events(store: Store, tmp_path: Path) -> None:
    with closing(_empty(tmp_path)) as other:
        fill(other, events=EVENTS, seed=2)

        assert {n.state for n in _stored(other)}.isdisjoint(n.state for n in _stored(store))


def test_a_store_that_holds_events_is_refused(store: Store) -> None:
    with pytest.raises(LogHasBegun):
        fill(store, events=1)

    assert len(_stored(store)) == EVENTS


def _empty(directory: Path) -> Store:
    return open_store(load_settings(data_dir=directory))


def _stored(store: Store) -> list[Notification]:
    return list(store.generations.recorder.select_notifications(start=None, limit=2 * EVENTS))
