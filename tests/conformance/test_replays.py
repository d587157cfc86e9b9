"""Random films, to which anything has happened by clocks that differ: what is told of any version and of any
moment, and what stands in the history, is what a replay of the stream comes to."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from application.errors import NotKnownYet, VersionNotFound
from application.movie_replay import movie_back_then
from application.read_models import AuditSearch, MovieRow
from application.text_origin import text_origin
from domain import events
from domain.events import Event
from domain.movie_generation import MovieGeneration
from domain.values import Variant
from infrastructure.store import Store
from tests.support.film import Film
from tests.support.random_films import VARIANTS, RandomFilms
from tests.support.rebuilding import follow

# A store is not made anew for every example, and need not be: each has films of its own.
EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
HISTORIES = given(seed=st.integers(0, 2**32), steps=st.integers(0, 90))
MOMENT = timedelta(microseconds=1)

_numbers = count(1)


def _films(seed: int, steps: int, store: Store) -> Sequence[Film]:
    films = RandomFilms(
        seed,
        films=2,
        save=lambda film: store.generations.save(film.movie),
        name=f"film-{next(_numbers)}",
        wrong_by=timedelta(minutes=2),
    )
    films.go_on(steps)
    follow(store)
    return films.films


def _stream(film: Film, store: Store) -> list[Event]:
    return cast(list[Event], list(store.generations.events.get(film.movie.id)))


def _replayed(film: Film, store: Store) -> list[MovieGeneration]:
    """The aggregate at each of its versions; the first stands for none."""
    versions = range(1, film.movie.version + 1)
    get = store.generations.repository.get
    return [film.movie, *(cast(MovieGeneration, get(film.movie.id, version=version)) for version in versions)]


@EXAMPLES
@HISTORIES
def test_a_film_at_a_version_or_a_moment_is_what_its_stream_had_made_of_it(
    store: Store, seed: int, steps: int
) -> None:
    for film in _films(seed, steps, store):
        replayed, stream = _replayed(film, store), _stream(film, store)
        for version in range(1, len(stream) + 1):
            assert _of_row(_back_then(film, version, store)) == _of_aggregate(replayed[version])
        with pytest.raises(VersionNotFound):
            _back_then(film, len(stream) + 1, store)

        for moment in _moments(stream):
            until_then = [event.originator_version for event in stream if event.timestamp <= moment]
            if until_then:
                found = _back_then(film, moment, store)
                assert _of_row(found) == _of_aggregate(replayed[max(until_then)]), moment
            else:
                with pytest.raises(NotKnownYet):
                    _back_then(film, moment, store)


@EXAMPLES
@HISTORIES
def test_the_newest_version_is_the_film_that_readers_see(store: Store, seed: int, steps: int) -> None:
    for film in _films(seed, steps, store):
        now, seen = _back_then(film, film.movie.version, store), store.movies.get(film.movie.slug)

        assert seen is not None
        assert _of_row(now) == _of_row(seen)


@EXAMPLES
@HISTORIES
def test_the_history_holds_every_event_as_it_was_recorded(store: Store, seed: int, steps: int) -> None:
    for film in _films(seed, steps, store):
        rows, stream = store.history.of(film.movie.slug, after=0, limit=10_000), _stream(film, store)

        assert [row.version for row in rows] == [*range(1, len(stream) + 1)]
        assert [row.position for row in rows] == _positions(film, store)
        for row, event in zip(rows, stream, strict=True):
            assert (row.event, row.at, row.actor) == (type(event).__name__, event.timestamp, event.actor)
            assert row.correlation_id == event.correlation_id
            assert row.data == _own(event)
        of_all = store.history.of_all(AuditSearch(slug=film.movie.slug), after=0, limit=10_000)
        assert of_all == rows
        for moment in _moments(stream):
            since = AuditSearch(slug=film.movie.slug, since=moment)
            found = store.history.of_all(since, after=0, limit=10_000)
            assert found == [row for row in rows if row.at >= moment], moment


@EXAMPLES
@HISTORIES
def test_where_a_text_comes_from_is_what_its_stream_says(store: Store, seed: int, steps: int) -> None:
    for film in _films(seed, steps, store):
        for description_id, text in film.movie.descriptions._by_id.items():
            row = store.texts.get(description_id)
            origin = text_origin(film.movie.slug, description_id, generations=store.generations)

            assert row is not None
            assert (row.slug, row.revision, row.version) == (
                film.movie.slug,
                text.revision,
                text.recorded_at_version,
            )
            assert origin.accepted.text == text.text
            if row.job_id is None:
                assert (origin.request, origin.attempts) == (None, [])
            else:
                job = film.movie.jobs[row.job_id]
                assert origin.request is not None
                assert (row.job_id, origin.request.actor) == (text.job_id, job.requested_by)
                assert [one.attempt for one in origin.attempts] == [*range(1, job.attempt + 1)]
                assert [one.outcome for one in origin.attempts].count("accepted") == 1
            assert all(version > text.recorded_at_version for version in origin.afterwards)


def _back_then(film: Film, point: int | datetime, store: Store) -> MovieRow:
    return movie_back_then(film.movie.slug, point, generations=store.generations, shows_withdrawn=True)


def _moments(stream: Sequence[Event]) -> Iterator[datetime]:
    """Those of all events, and just before and behind them."""
    for moment in sorted({event.timestamp for event in stream}):
        yield from (moment - MOMENT, moment, moment + MOMENT)


def _positions(film: Film, store: Store) -> list[int]:
    """By the log itself."""
    found: list[int] = []
    position = 0
    while batch := store.log.after(position, limit=1_000):
        found += [one.position for one in batch if one.event.originator_id == film.movie.id]
        position = batch[-1].position
    return found


def _own(event: Event) -> dict[str, Any]:
    """The fields of an event as JSON has them."""
    spelt = getattr(events, type(event).__name__)  # the library makes a class of its own of it
    fields = {name: getattr(event, name) for name in spelt.__annotations__}
    plain: dict[str, Any] = json.loads(json.dumps(fields, default=_plain))
    return plain


def _plain(value: UUID | datetime) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _of_row(row: MovieRow) -> dict[str, Any]:
    shown = {one.description_id: one for one in row.shown}
    return {
        "facts": (row.title, row.release_year, row.director, row.genres),
        "default": row.default_description_id,
        "current": {variant: _current(row, variant) for variant in VARIANTS},
        "texts": {key: (one.text, one.revision, one.origin) for key, one in shown.items()},
        "withdrawn": {one.description_id for one in row.descriptions if one.is_withdrawn},
        "version": row.visible_version,
    }


def _current(row: MovieRow, variant: Variant) -> UUID | None:
    current = row.current(variant.locale, variant.context_tag)
    return current.description_id if current else None


def _of_aggregate(movie: MovieGeneration) -> dict[str, Any]:
    facts, texts = movie.facts, movie.descriptions._by_id
    return {
        "facts": (facts.title, facts.release_year, facts.director, facts.genres),
        "default": movie.descriptions.default,
        "current": {variant: movie.descriptions.current(variant) for variant in VARIANTS},
        "texts": {
            key: (one.text, one.revision, one.origin.value)
            for key, one in texts.items()
            if not one.is_withdrawn
        },
        "withdrawn": {key for key, one in texts.items() if one.is_withdrawn},
        "version": movie.visible_version,
    }
