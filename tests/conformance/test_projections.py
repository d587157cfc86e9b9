"""Views are folds of the log: whatever happened, they say what the aggregate says."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from application import narration, projector
from application.commands.correct_movie_facts import CorrectMovieFacts, correct_movie_facts
from application.commands.edit_description import EditDescription, edit_description
from application.commands.promote_description import PromoteDescription, promote_description
from application.commands.withdraw_description import WithdrawDescription, withdraw_description
from application.movie_replay import movie_at, stream_of
from application.read_models import MovieRow
from domain.movie_generation import MovieGeneration
from domain.values import Actor, ContextTag, Locale, PromotionScope, Variant
from tests.golden.record import story
from tests.support.core import Core
from tests.support.film import CALL, CLAIM_LIMIT, ENGLISH, Film, draft
from tests.support.stores import OpenViews, Views

SLUG = "amelie-2001"
ANNA = Actor("anna", correlation_id="request-1")


@dataclass(frozen=True)
class _Cinema:
    """The film of the golden stream, in a log, and views that have followed it."""

    film: Film
    core: Core
    views: Views

    def row(self) -> MovieRow:
        row = self.views.movies.get(SLUG)
        assert row is not None
        return row

    def decide(self, decision: Callable[[MovieGeneration], None]) -> None:
        self.core.generations.decide(SLUG, decision, by=ANNA)
        self.views.follow(self.core.log)


@pytest.fixture
def cinema(core: Core, views: Views) -> _Cinema:
    film = story()
    core.generations.save(film.movie)
    views.follow(core.log)
    return _Cinema(film, core, views)


def test_the_jobs_view_says_what_the_aggregate_says(cinema: _Cinema) -> None:
    for job in cinema.film.movie.jobs.values():
        row = cinema.views.jobs.get(job.job_id)
        assert row is not None
        assert (row.slug, row.status, row.attempts) == (SLUG, job.status, job.attempt)
        assert (row.locale, row.context_tag) == (job.variant.locale, job.variant.context_tag)
        assert (row.forced, row.requested_by) == (job.forced, job.requested_by)
        assert row.description_id == job.description_id
        assert row.failure_type == (job.failure.type if job.failure else None)
        assert row.worker_id is None
        assert row.max_attempts - row.attempts == 3 - job.tries


def test_the_movies_view_says_what_the_aggregate_says(cinema: _Cinema) -> None:
    row, movie = cinema.row(), cinema.film.movie

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


def test_a_withdrawn_text_is_gone_from_the_movies_view_and_stays_in_history(cinema: _Cinema) -> None:
    withdrawn = [d for d in cinema.row().descriptions if d.is_withdrawn]
    assert [description.text for description in withdrawn] == [""]
    assert withdrawn[0] not in cinema.row().shown

    texts = {
        row.data["description_id"]: row.data["text"]
        for row in cinema.views.history.of(SLUG, after=0, limit=100)
        if "text" in row.data
    }
    assert texts[str(withdrawn[0].description_id)] != ""


def test_the_default_falls_back_when_it_is_withdrawn(cinema: _Cinema) -> None:
    default = cinema.film.movie.descriptions.default
    assert default is not None

    def withdraw_default(movie: MovieGeneration) -> None:
        movie.withdraw(default, reason="wrong")

    cinema.decide(withdraw_default)

    assert cinema.row().default_description_id == cinema.core.generations.load(SLUG).descriptions.default


def test_the_history_view_holds_every_event_with_a_line_for_people(cinema: _Cinema) -> None:
    rows = cinema.views.history.of(SLUG, after=0, limit=100)

    recorded = cinema.core.log.after(0, limit=100)
    assert len(rows) == cinema.film.movie.version
    assert [(row.position, row.version) for row in rows] == [(r.position, r.version) for r in recorded]
    assert [row.event for row in rows] == [type(r.event).__name__ for r in recorded]
    assert [row.at for row in rows] == [r.event.timestamp for r in recorded]
    for row in rows:
        line = narration.line(row.event, row.data)
        assert line.endswith((".", "!"))
        assert "{" not in line


def test_the_line_of_an_attempt_says_when_it_counts_as_no_try(core: Core, views: Views) -> None:
    film = Film()
    job_id = film.ask().job_id
    for attempt, shut_for in ((1, None), (2, timedelta(0))):
        film.start(job_id)
        film.fail(job_id, attempt, shut_for=shut_for)
        film.advance(minutes=1)
    core.generations.save(film.movie)
    views.follow(core.log)

    rows = views.history.of(film.movie.slug, after=0, limit=100)
    lines = [narration.line(row.event, row.data) for row in rows if row.event == "GenerationAttemptFailed"]
    counts, spared = lines
    assert "no try" not in counts
    assert spared.endswith("It did not work. It counts as no try: the fault was its provider's.")


def test_folding_event_by_event_gives_the_same_rows_as_folding_in_batches(
    cinema: _Cinema, open_views: OpenViews, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "BATCH_SIZE", 1)
    one_by_one = open_views()
    one_by_one.follow(cinema.core.log)

    rows = one_by_one.rows()
    assert rows == cinema.views.rows()
    assert {table: len(rows[table]) for table in ("jobs", "movies", "history")} == {
        "jobs": len(cinema.film.movie.jobs),
        "movies": 1,
        "history": cinema.film.movie.version,
    }


@pytest.mark.parametrize("seed", range(10))
def test_whatever_people_do_a_film_replayed_from_its_stream_is_its_row(cinema: _Cinema, seed: int) -> None:
    people = random.Random(seed)
    for _ in range(40):
        if not cinema.row().shown:
            _describe_again(cinema)
        _somebody_changes_something(people, cinema)
        cinema.views.follow(cinema.core.log)

        row, stream = cinema.row(), stream_of(SLUG, generations=cinema.core.generations)
        replayed = movie_at(SLUG, len(stream), stream)
        assert replayed._replace(listed_position=row.listed_position) == row
        assert movie_at(SLUG, row.visible_version, stream) == replayed

    done = {type(event).__name__ for event in stream[cinema.film.movie.version :]}
    assert done >= {
        "MovieFactsCorrected",
        "DescriptionPromoted",
        "DescriptionEdited",
        "DescriptionWithdrawn",
    }


def _describe_again(cinema: _Cinema) -> None:
    def describe(movie: MovieGeneration) -> None:
        job_id = uuid4()
        movie.request(ENGLISH, job_id=job_id, requested_slug=SLUG, confidence=0.9)
        attempt = movie.start(job_id, worker_id="worker", limit=CLAIM_LIMIT)
        assert attempt is not None
        movie.complete(job_id, attempt, draft(), (CALL,), description_id=uuid4())

    cinema.decide(describe)


def _somebody_changes_something(people: random.Random, cinema: _Cinema) -> None:
    """Any change that a person can make, of what is there now; some of them change nothing."""
    row = cinema.row()
    text = people.choice(row.shown).description_id
    anybody: dict[str, Any] = {"slug": SLUG, "by": ANNA, "expected_versions": {row.visible_version}}
    variant = Variant(people.choice([Locale.EN_US, Locale.PL_PL]), people.choice(list(ContextTag)))
    scope = people.choice(list(PromotionScope))
    facts: dict[str, Any] = people.choice(
        [{"title": "Amélie"}, {"release_year": None}, {"genres": ("Comedy", "Drama")}]
    )
    changes: list[Callable[[], object]] = [
        lambda: promote_description(
            PromoteDescription(description_id=text, scope=scope, **anybody),
            generations=cinema.core.generations,
        ),
        lambda: edit_description(
            EditDescription(variant=variant, text="Mine.", based_on=text, **anybody),
            generations=cinema.core.generations,
        ),
        lambda: withdraw_description(
            WithdrawDescription(description_id=text, reason="wrong", **anybody),
            generations=cinema.core.generations,
        ),
        lambda: correct_movie_facts(
            CorrectMovieFacts(changes=facts, reason="wrong", **anybody), generations=cinema.core.generations
        ),
    ]
    people.choice(changes)()
