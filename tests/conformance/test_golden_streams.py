"""Streams of every version, as they stand in stores out there: loaded, folded, narrated, and rebuilt."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from application import narration
from application.movie_replay import movie_at, stream_of
from infrastructure.store import Store
from tests.golden.record import STREAMS, read, stored_in, summary
from tests.support.rebuilding import follow, rebuilt, views_of

PAGE = 1_000


@pytest.fixture(params=STREAMS, ids=lambda path: path.stem)
def golden(request: pytest.FixtureRequest, store: Store) -> dict[str, Any]:
    """Put into the store as it was stored then, and followed by all views."""
    path: Path = request.param
    golden = read(path)
    store.generations.recorder.insert_events([*stored_in(golden)])
    follow(store)
    expected: dict[str, Any] = golden["expected"]
    return expected | {"events": golden["events"]}


def test_the_film_is_what_it_was(golden: dict[str, Any], store: Store) -> None:
    found = summary(store.generations.load(golden["slug"]))

    assert found | {"events": golden["events"]} == golden


def test_its_jobs_and_texts_stand_in_the_views(golden: dict[str, Any], store: Store) -> None:
    film, jobs = store.movies.get(golden["slug"]), dict(_jobs(golden, store))

    assert jobs == {job_id: told[:3] for job_id, told in golden["jobs"].items()}, "tries are the aggregate's"
    assert film is not None
    assert film.visible_version == golden["visible_version"]
    assert str(film.default_description_id) == golden["default"]
    current = {
        f"{one.locale}/{one.context_tag}": str(one.description_id) for one in film.shown if one.is_current
    }
    assert current == {variant: text for variant, text in golden["current"].items() if text != "None"}
    facts = golden["facts"]
    assert {name: getattr(film, name) for name in facts} == facts | {"genres": tuple(facts["genres"])}


def test_the_views_say_what_a_replay_of_the_stream_says(golden: dict[str, Any], store: Store) -> None:
    stream = stream_of(golden["slug"], generations=store.generations)

    replayed = movie_at(golden["slug"], len(stream), stream)

    film = store.movies.get(golden["slug"])
    assert film is not None
    assert replayed._replace(listed_position=film.listed_position) == film


def test_every_event_has_its_line_in_the_history(golden: dict[str, Any], store: Store) -> None:
    rows = store.history.of(golden["slug"], after=0, limit=PAGE)

    assert [row.version for row in rows] == [event["originator_version"] for event in golden["events"]]
    assert all(narration.line(row.event, row.data) for row in rows)


def test_views_that_are_rebuilt_say_the_same(golden: dict[str, Any], store: Store) -> None:
    before = views_of(store)

    rebuilt(store)

    assert views_of(store) == before


def test_an_old_event_is_folded_as_one_that_is_written_today(golden: dict[str, Any], store: Store) -> None:
    """Read and written again, it is of the newest version, and nobody who reads it can tell."""
    for old in store.log.after(0, limit=PAGE):
        stored = store.generations.mapper.to_stored_event(old.event)

        assert vars(store.generations.mapper.to_domain_event(stored)) == vars(old.event)


def _jobs(golden: dict[str, Any], store: Store) -> Iterator[tuple[str, list[Any]]]:
    for job_id in golden["jobs"]:
        job = store.jobs.get(job_id)
        assert job is not None
        yield job_id, [f"{job.locale}/{job.context_tag}", job.status.value, job.attempts]
