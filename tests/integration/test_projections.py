"""Views are folds of the log: whatever happened, they say what the aggregate says."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application import narration, projector
from application.commands.correct_movie_facts import CorrectMovieFacts, correct_movie_facts
from application.commands.edit_description import EditDescription, edit_description
from application.commands.promote_description import PromoteDescription, promote_description
from application.commands.withdraw_description import WithdrawDescription, withdraw_description
from application.movie_replay import movie_at, stream_of
from application.projections.jobs import fold_job
from application.projections.projection import Projection
from application.read_models import MovieRow
from domain.events import GenerationRequested
from domain.movie_generation import MovieGeneration
from domain.values import Actor, ContextTag, Locale, PromotionScope, Variant
from infrastructure.settings import load_settings
from interfaces.bootstrap import build
from interfaces.service import MovieMind
from tests.golden.record import story
from tests.support.film import CALL, CLAIM_LIMIT, ENGLISH, Film, draft

SLUG = "amelie-2001"
ANNA = Actor("anna", correlation_id="request-1")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MovieMind]:
    service, _ = build(load_settings(data_dir=tmp_path))
    yield service
    service.close()


@pytest.fixture
def film(service: MovieMind) -> Film:
    """The film of the golden stream, in the store and folded into the views."""
    film = story()
    service.generations.save(film.movie)
    _fold_all(service)
    return film


def test_the_jobs_view_says_what_the_aggregate_says(service: MovieMind, film: Film) -> None:
    for job in film.movie.jobs.values():
        row = service.jobs.get(job.job_id)
        assert row is not None
        assert (row.slug, row.status, row.attempts) == (SLUG, job.status, job.attempt)
        assert (row.locale, row.context_tag) == (job.variant.locale, job.variant.context_tag)
        assert (row.forced, row.requested_by) == (job.forced, job.requested_by)
        assert row.description_id == job.description_id
        assert row.failure_type == (job.failure.type if job.failure else None)
        assert row.worker_id is None
        assert row.max_attempts - row.attempts == 3 - job.tries


def test_the_movies_view_says_what_the_aggregate_says(service: MovieMind, film: Film) -> None:
    row, movie = _movie(service), film.movie

    assert row.movie_id == movie.id
    assert (row.title, row.release_year, row.director, row.genres) == (
        movie.facts.title,
        movie.facts.release_year,
        movie.facts.director,
        movie.facts.genres,
    )
    assert row.visible_version == movie.visible_version
    assert row.default_description_id == movie.descriptions.default
    for variant in {job.variant for job in movie.jobs.values()}:
        shown = row.current(variant.locale, variant.context_tag)
        assert (shown.description_id if shown else None) == movie.descriptions.current(variant)
    for description in row.descriptions:
        known = movie.descriptions.get(description.description_id)
        assert (description.revision, description.origin) == (known.revision, known.origin)
        assert description.is_withdrawn == known.is_withdrawn


def test_a_withdrawn_text_is_gone_from_the_movies_view_and_stays_in_history(
    service: MovieMind, film: Film
) -> None:
    withdrawn = [d for d in _movie(service).descriptions if d.is_withdrawn]
    assert [description.text for description in withdrawn] == [""]
    assert withdrawn[0] not in _movie(service).shown

    texts = {
        row.data["description_id"]: row.data["text"]
        for row in service.history.of(SLUG, after=0, limit=100)
        if "text" in row.data
    }
    assert texts[str(withdrawn[0].description_id)] != ""


def test_the_default_falls_back_when_it_is_withdrawn(service: MovieMind, film: Film) -> None:
    default = film.movie.descriptions.default
    assert default is not None

    def withdraw_default(movie: MovieGeneration) -> None:
        movie.withdraw(default, reason="wrong")

    service.generations.decide(SLUG, withdraw_default, by=Actor("a", "r"))
    _fold_all(service)

    assert _movie(service).default_description_id == service.generations.load(SLUG).descriptions.default


def test_the_history_view_holds_every_event_with_a_line_for_people(service: MovieMind, film: Film) -> None:
    rows = service.history.of(SLUG, after=0, limit=100)

    recorded = service.log.after(0, limit=100)
    assert len(rows) == film.movie.version
    assert [(row.position, row.version) for row in rows] == [(r.position, r.version) for r in recorded]
    assert [row.event for row in rows] == [type(r.event).__name__ for r in recorded]
    assert [row.at for row in rows] == [r.event.timestamp for r in recorded]
    for row in rows:
        line = narration.line(row.event, row.data)
        assert line.endswith((".", "!"))
        assert "{" not in line


def test_folding_event_by_event_gives_the_same_rows_as_folding_in_batches(
    service: MovieMind, film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = tmp_path / "moviemind-views.db"
    in_batches = _rows(views)
    service.close()
    views.unlink()
    monkeypatch.setattr(projector, "BATCH_SIZE", 1)

    again, _ = build(load_settings(data_dir=tmp_path))
    _fold_all(again)
    again.close()

    assert _rows(views) == in_batches
    assert {table: len(rows) for table, rows in in_batches.items()} == {
        "jobs": len(film.movie.jobs),
        "movies": 1,
        "history": film.movie.version,
    }


@pytest.mark.parametrize("seed", range(10))
def test_whatever_people_do_a_film_replayed_from_its_stream_is_its_row(
    service: MovieMind, film: Film, seed: int
) -> None:
    people = random.Random(seed)
    for _ in range(40):
        if not _movie(service).shown:
            _describe_again(service)
        _somebody_changes_something(people, service)
        _fold_all(service)

        row, stream = _movie(service), stream_of(SLUG, generations=service.generations)
        replayed = movie_at(SLUG, len(stream), stream)
        assert replace(replayed, listed_position=row.listed_position) == row
        assert movie_at(SLUG, row.visible_version, stream) == replayed

    done = {type(event).__name__ for event in stream[film.movie.version :]}
    assert done >= {
        "MovieFactsCorrected",
        "DescriptionPromoted",
        "DescriptionEdited",
        "DescriptionWithdrawn",
    }


def test_a_position_is_never_folded_twice(service: MovieMind, film: Film) -> None:
    requested = next(r for r in service.log.after(0, limit=10) if isinstance(r.event, GenerationRequested))
    job_id = next(iter(film.movie.jobs))
    before = service.jobs.get(job_id)

    with pytest.raises(IntegrityError):
        Projection(service.jobs, fold_job).fold([replace(requested, position=service.log.head())])
    assert before is not None
    assert service.jobs.get(job_id) == before, "rows and position move together"


def _describe_again(service: MovieMind) -> None:
    def describe(movie: MovieGeneration) -> None:
        job_id = uuid4()
        movie.request(ENGLISH, job_id=job_id, requested_slug=SLUG, confidence=0.9)
        attempt = movie.start(job_id, worker_id="worker", limit=CLAIM_LIMIT)
        assert attempt is not None
        movie.complete(job_id, attempt, draft(), (CALL,), description_id=uuid4())

    service.generations.decide(SLUG, describe, by=ANNA)
    _fold_all(service)


def _somebody_changes_something(people: random.Random, service: MovieMind) -> None:
    """Any change that a person can make, of what is there now; some of them change nothing."""
    row = _movie(service)
    text = people.choice(row.shown).description_id
    anybody: dict[str, Any] = {"slug": SLUG, "by": ANNA, "expected_versions": {row.visible_version}}
    variant = Variant(people.choice([Locale.EN_US, Locale.PL_PL]), people.choice(list(ContextTag)))
    scope = people.choice(list(PromotionScope))
    facts: dict[str, Any] = people.choice(
        [{"title": "Amélie"}, {"release_year": None}, {"genres": ("Comedy", "Drama")}]
    )
    changes: list[Callable[[], object]] = [
        lambda: promote_description(
            PromoteDescription(description_id=text, scope=scope, **anybody), generations=service.generations
        ),
        lambda: edit_description(
            EditDescription(variant=variant, text="Mine.", based_on=text, **anybody),
            generations=service.generations,
        ),
        lambda: withdraw_description(
            WithdrawDescription(description_id=text, reason="wrong", **anybody),
            generations=service.generations,
        ),
        lambda: correct_movie_facts(
            CorrectMovieFacts(changes=facts, reason="wrong", **anybody), generations=service.generations
        ),
    ]
    people.choice(changes)()


def _fold_all(service: MovieMind) -> None:
    while service.projector.step():
        pass


def _rows(views: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(views)) as connection:
        return {
            table: connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in ("jobs", "movies", "history")
        }


def _movie(service: MovieMind) -> MovieRow:
    row = service.movies.get(SLUG)
    assert row is not None
    return row
