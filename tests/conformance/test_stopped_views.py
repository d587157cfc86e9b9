"""An event that cannot be folded stops its view before it, for all to see; it is never skipped."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
import pytest

from application.errors import StoreUnavailable
from application.event_log import EventLog, Recorded
from application.projector import AnyProjection, Projector
from application.reading import LONG_BEHIND_SECONDS, seconds_behind
from application.rebuild import RebuildFailed, rebuild
from application.verify import verify
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import projections_of
from tests.support.film import BEGIN
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import NAMES, change, follow, rebuilt, views_of

Fails = Callable[[Recorded], None]


@pytest.fixture
def events(store: Store) -> list[Recorded]:
    """Of some films, which no view has followed yet."""
    films = RandomFilms(7, films=4, save=lambda film: store.generations.save(film.movie))
    films.go_on(100)
    return store.log.after(0, limit=1_000)


def with_poison(store: Store, view: str, poison: Recorded, error: Exception) -> list[AnyProjection]:
    def apply(original: AnyProjection) -> Any:
        def apply(recorded: Recorded, rows: Any) -> None:
            if recorded.position == poison.position:
                raise error
            original.apply(recorded, rows)

        return apply

    return [replace(one, apply=apply(one)) if one.view.name == view else one for one in projections_of(store)]


def drained(projector: Projector) -> None:
    while projector.step():
        pass


@pytest.mark.parametrize("batch_size", [1, 7, 1_000])
@pytest.mark.parametrize("view", NAMES)
def test_a_view_stops_before_an_event_that_it_cannot_fold_and_the_others_go_on(
    view: str, batch_size: int, store: Store, events: list[Recorded]
) -> None:
    before, poison = events[39:41]
    projections = with_poison(store, view, poison, ZeroDivisionError("by hand"))

    drained(Projector(store.log, projections, batch_size=batch_size))

    positions = {one.view.name: one.view.position() for one in projections}
    assert positions == dict.fromkeys(NAMES, store.log.head()) | {view: before.position}
    stopped = {one.view.name: one.view.status().stopped_because for one in projections}
    why = stopped.pop(view)
    assert why == (
        f"{type(poison.event).__name__} at position {poison.position} (version {poison.version} of"
        f" {poison.slug}) cannot be folded: ZeroDivisionError: by hand"
    )
    assert set(stopped.values()) == {None}


def test_it_is_not_tried_again_and_again(store: Store, events: list[Recorded]) -> None:
    projector = Projector(store.log, with_poison(store, "movies", events[0], ZeroDivisionError()))
    drained(projector)
    read: list[int] = []
    after = store.log.after
    store.log.after = lambda position, *, limit: read.append(position) or after(position, limit=limit)  # type: ignore[method-assign, func-returns-value]

    assert projector.step() == 0
    assert 0 not in read


def test_the_next_projector_tries_it_again(store: Store, events: list[Recorded]) -> None:
    drained(Projector(store.log, with_poison(store, "jobs", events[20], ZeroDivisionError())))
    assert store.jobs.status().stopped_because

    follow(store)

    assert store.jobs.status().stopped_because is None
    assert store.jobs.position() == store.log.head()
    after = views_of(store)
    rebuilt(store)
    assert views_of(store) == after


@pytest.mark.usefixtures("events")
def test_a_rebuild_takes_a_view_beyond_it(store: Store) -> None:
    projector = Projector(
        store.log, with_poison(store, "movies", store.log.after(0, limit=50)[-1], ZeroDivisionError())
    )
    drained(projector)

    rebuilt(store)

    assert store.movies.status().stopped_because is None
    assert store.movies.position() == store.log.head()
    assert projector.step() == 0, "there is nothing new"


def test_an_outage_stops_nothing(store: Store, events: list[Recorded]) -> None:
    projections = with_poison(store, "history", events[5], StoreUnavailable("it is being restarted"))

    with pytest.raises(ExceptionGroup):
        Projector(store.log, projections).step()
    assert store.history.status().stopped_because is None


@pytest.mark.usefixtures("events")
def test_rows_that_the_store_will_never_take_are_no_outage(store: Store) -> None:
    """Such as a number that is larger than any column."""
    spending = next(one for one in projections_of(store) if one.view is store.spending)

    def apply(recorded: Recorded, rows: Any) -> None:
        spending.apply(recorded, rows)
        for row in rows.new:
            rows.put(row._replace(tokens_in=2**70))

    projector = Projector(store.log, [replace(spending, apply=apply)])
    drained(projector)

    assert store.spending.status().stopped_because
    assert store.spending.position() < store.log.head()


def test_a_version_that_nobody_folds_holds_its_view_up(store: Store, events: list[Recorded]) -> None:
    change(store, "UPDATE tracking SET version = 2 WHERE view = 'movies'")

    with pytest.raises(ExceptionGroup) as failed:
        Projector(store.log, projections_of(store)).step()

    assert [str(one) for one in failed.value.exceptions] == [
        "A newer MovieMind has rebuilt the 'movies' view (version 2, this one folds 1); upgrade."
    ]
    assert store.jobs.position() == events[-1].position


@pytest.mark.parametrize("batch_size", [7, 1_000])
def test_an_event_that_cannot_be_read_stops_all_views_before_it(
    batch_size: int, store: Store, events: list[Recorded]
) -> None:
    """Such as one that a newer version has written."""
    before, unreadable = events[39:41]
    store.generations.mapper.to_domain_event = _not(unreadable, store)  # type: ignore[assignment]

    drained(Projector(store.log, projections_of(store), batch_size=batch_size))

    statuses = [one.view.status() for one in projections_of(store)]
    assert {status.position for status in statuses} == {before.position}
    (why,) = {status.stopped_because for status in statuses}
    assert why is not None
    assert why.endswith(f"at position {unreadable.position} cannot be read: LookupError: written tomorrow.")
    views = [one.view for one in projections_of(store)]
    assert set(seconds_behind(views, store.log, now=BEGIN).values()) == {LONG_BEHIND_SECONDS}


def _not(unreadable: Recorded, store: Store) -> Callable[[Any], Any]:
    original = store.generations.mapper.to_domain_event

    def to_domain_event(stored: Any) -> Any:
        event: Any = original(stored)
        if (event.originator_id, event.originator_version) == (
            unreadable.event.originator_id,
            unreadable.version,
        ):
            raise LookupError("written tomorrow")
        return event

    return to_domain_event


@pytest.mark.parametrize("batch_size", [7, 1_000])
def test_an_event_of_a_film_whose_first_one_is_gone_stops_all_views_before_it(
    batch_size: int, store: Store, settings: Settings, events: list[Recorded]
) -> None:
    """Nothing else says which film it is of."""
    orphan = [one for one in events if one.version == 2][-1]
    before = [one for one in events if one.position < orphan.position and one.slug != orphan.slug][-1]
    _remove(orphan.event.originator_id, version=1, settings=settings)
    log = EventLog(store.generations)

    drained(Projector(log, projections_of(store), batch_size=batch_size))

    statuses = [one.view.status() for one in projections_of(store)]
    assert {status.position for status in statuses} == {before.position}
    (why,) = {status.stopped_because for status in statuses}
    assert why is not None
    assert why.endswith(
        f"at position {orphan.position} cannot be read: the first event of its film is missing."
    )
    views = [one.view for one in projections_of(store)]
    assert set(seconds_behind(views, log, now=BEGIN).values()) == {LONG_BEHIND_SECONDS}
    assert log.slug_of(orphan.event.originator_id) is None


@pytest.mark.parametrize("do", [rebuild, verify])
def test_whoever_folds_anew_says_that_the_first_event_of_a_film_is_missing(
    do: Callable[..., Any], store: Store, settings: Settings, events: list[Recorded]
) -> None:
    follow(store)
    before = views_of(store)
    _remove(events[-1].event.originator_id, version=1, settings=settings)

    with pytest.raises(RebuildFailed, match="the first event of its film is missing"):
        do(projections_of(store), log=EventLog(store.generations), second_sets=store.second_sets)

    assert views_of(store) == before


def _remove(stream: UUID, *, version: int, settings: Settings) -> None:
    """An event, behind the back of the service."""
    where = f"originator_version = {version} AND originator_id = "
    if settings.is_on_postgres:
        with psycopg.connect(settings.store_address) as session:
            removed = session.execute(f"DELETE FROM stored_events WHERE {where}%s", (stream,)).rowcount
    else:
        with closing(sqlite3.connect(settings.event_store_path)) as file, file:
            removed = file.execute(f"DELETE FROM stored_events WHERE {where}?", (stream.hex,)).rowcount
    assert removed == 1


def test_why_a_view_has_stopped_can_be_kept_whatever_it_says(store: Store, events: list[Recorded]) -> None:
    error = ValueError(f"a\x00b {'x' * 10_000}\nDETAIL: a row, with the text in it")

    drained(Projector(store.log, with_poison(store, "movies", events[0], error)))

    why = store.movies.status().stopped_because
    assert why is not None
    assert "ValueError: a\ufffdb" in why
    assert "DETAIL" not in why
    assert len(why) < 1_000
