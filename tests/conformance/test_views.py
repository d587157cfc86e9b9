"""Views on every store: rows and position move together, once, and a query has one answer everywhere."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from psycopg.pq import TransactionStatus
from pydantic_core import to_json

from application.errors import ViewMoved
from application.event_log import EventLog, Recorded
from application.movie_listing import MovieOrder, MoviePlace, MovieSearch
from application.projections.projection import Projection
from application.projector import Projector
from application.read_models import AuditSearch, HistoryRow, JobSearch
from application.spending import REQUEST, GroupBy, RefusedSearch, SpendingRow
from application.texts import TextRow, TextSearch
from application.throughput import Span
from application.view import Place
from domain.errors import MovieMindError
from domain.values import FailureType, JobStatus, Priority
from infrastructure.postgres.view_store import ViewStore
from tests.golden.record import story
from tests.support.core import Core, in_threads
from tests.support.film import BEGIN
from tests.support.random_films import GENRES, WORDS, RandomFilms
from tests.support.stores import PostgresViews, SqliteViews, Views

NAMES = ("jobs", "movies", "history", "spending", "texts", "throughput")
MANY = 1_000
NUL = "\x00"
WAITS_SECONDS = 0.2
"""What did not wait would have ended by then."""
UNKNOWN = UUID(int=0)


@pytest.fixture
def log(core: Core) -> EventLog:
    """The golden stream and then another film."""
    core.generations.save(story().movie)
    core.job()
    return core.log


@pytest.fixture
def rival(views: Views) -> Iterator[Views]:
    """The same views in the hands of another process."""
    with closing(views.beside()) as rival:
        yield rival


@pytest.mark.parametrize("name", NAMES)
class TestFoldingOnce:
    def test_of_two_who_fold_the_same_events_one_finds_the_view_moved(
        self, name: str, log: EventLog, views: Views, rival: Views
    ) -> None:
        batch, both_have_read = log.after(0, limit=MANY), threading.Barrier(2)

        def fold(views: Views) -> str:
            both_have_read.wait(timeout=10)
            try:
                _projection(views, name).fold(batch, after=0)
            except ViewMoved as moved:
                return moved.view
            return "folded"

        assert sorted(in_threads(lambda: fold(views), lambda: fold(rival))) == sorted(["folded", name])
        assert _view(views, name).position() == log.head()

    def test_who_comes_while_another_folds_waits_and_then_finds_the_view_moved(
        self, name: str, log: EventLog, views: Views, rival: Views
    ) -> None:
        first, rest = _in_two(log)
        _projection(views, name).fold(first, after=0)
        refused: list[MovieMindError] = []

        def come_second() -> None:
            try:
                _projection(rival, name).fold(rest, after=first[-1].position)
            except MovieMindError as error:
                refused.append(error)

        second = threading.Thread(target=come_second)

        def let_it_come() -> None:
            second.start()
            second.join(WAITS_SECONDS)
            assert second.is_alive(), "the second waits for the first"

        with _before_the_commit(views, let_it_come):
            _projection(views, name).fold(rest, after=first[-1].position)
        second.join(10)

        assert [type(error) for error in refused] == [ViewMoved]
        assert _view(views, name).position() == log.head()

    def test_who_slept_while_another_took_over_changes_nothing(
        self, name: str, log: EventLog, views: Views
    ) -> None:
        read_before_the_sleep, _ = _in_two(log)
        views.follow(log)
        before = views.rows()

        with pytest.raises(ViewMoved) as refused:
            _projection(views, name).fold(read_before_the_sleep, after=0)

        assert refused.value.view == name
        assert views.rows() == before

    def test_who_slept_while_the_view_was_made_anew_changes_nothing(
        self, name: str, log: EventLog, views: Views
    ) -> None:
        first, rest = _in_two(log)
        before = views.rows()

        with pytest.raises(ViewMoved):
            _projection(views, name).fold(rest, after=first[-1].position)

        assert views.rows() == before


def test_a_projector_that_was_overtaken_goes_on_from_where_the_views_are(
    log: EventLog, views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    after = log.after

    def overtaken(position: int, *, limit: int) -> list[Recorded]:
        events = after(position, limit=limit)
        monkeypatch.setattr(log, "after", after)
        views.follow(log)
        return events

    projector = Projector(log, views.projections())
    monkeypatch.setattr(log, "after", overtaken)

    with pytest.raises(ExceptionGroup) as failed:
        projector.step()

    assert [type(error) for error in failed.value.exceptions] == [ViewMoved] * len(NAMES)
    assert projector.step() == 0


@pytest.mark.parametrize("name", NAMES)
class TestOneTransaction:
    def test_a_fold_that_fails_leaves_rows_and_position_untouched(
        self, name: str, log: EventLog, views: Views
    ) -> None:
        first, rest = _in_two(log)
        _projection(views, name).fold(first, after=0)
        before = views.rows()

        with pytest.raises(ZeroDivisionError), _before_the_commit(views, lambda: 1 // 0):
            _projection(views, name).fold(rest, after=first[-1].position)

        assert views.rows() == before
        _projection(views, name).fold(rest, after=first[-1].position)
        assert views.rows()[name] != before[name], "the next fold makes up for it"

    def test_before_the_commit_nobody_sees_rows_or_position(
        self, name: str, log: EventLog, views: Views
    ) -> None:
        first, rest = _in_two(log)
        _projection(views, name).fold(first, after=0)
        before, seen = views.rows(), list[Any]()

        with _before_the_commit(views, lambda: seen.append(views.rows())):
            _projection(views, name).fold(rest, after=first[-1].position)

        assert seen == [before]
        assert views.rows() != before


def test_a_query_leaves_no_transaction_open_on_postgresql(postgres_views: PostgresViews) -> None:
    """The server ends a session that is idle in one; vacuum waits for it until then."""
    with closing(postgres_views.open()) as views:
        assert isinstance(views.store, ViewStore)
        with views.store.reading() as cursor:
            cursor.execute("SELECT * FROM jobs")
            assert cursor.connection.info.transaction_status is TransactionStatus.IDLE


def test_a_text_that_a_column_cannot_hold_stops_no_view(core: Core, views: Views) -> None:
    """Nothing forbids a model, or a library's error message, to write a NUL."""
    core.generations.save(story().movie)
    views.follow(core.log)
    movie = views.movies.get("amelie-2001")
    job, entry = views.jobs.list(JobSearch(), before=None, limit=1)[0], _entry()
    assert movie is not None
    text = replace(movie.descriptions[0], text=f"A{NUL}B")

    head = core.log.head()
    with views.movies.writing(after=head, up_to=head + 1) as movies:
        movies.put(movie._replace(title=f"A{NUL}B", genres=(f"C{NUL}D",), descriptions=(text,)))
    with views.jobs.writing(after=head, up_to=head + 1) as jobs:
        jobs.put(job._replace(failure_technical_message=f"A{NUL}B"))
    with views.history.writing(after=head, up_to=head + 1) as history:
        history.put(entry)
    with views.spending.writing([(job.job_id, REQUEST)], after=head, up_to=head + 1) as spending:
        request = spending.get((job.job_id, REQUEST))
        spending.put(request._replace(attempt=9, calls=1, model=f"A{NUL}B", tokens_in=MANY))

    found = views.movies.get("amelie-2001")
    assert found is not None
    assert found.descriptions == (text,)
    assert views.history.of(entry.slug, after=0, limit=1) == [entry]
    kept = views.jobs.get(job.job_id)
    assert kept is not None
    assert kept.failure_technical_message in (f"A{NUL}B", "A\ufffdB")
    models = views.spending.between(BEGIN.date(), BEGIN.date(), GroupBy.MODEL).groups
    assert [name for name, spent in models.items() if spent.tokens_in == MANY] in ([f"A{NUL}B"], ["A\ufffdB"])


def test_the_data_of_an_event_comes_back_as_it_was(views: Views) -> None:
    data = {
        "text": "“Ręką” \n 🎬 \\ \x00",
        "float": 0.1,
        "whole": 1.0,
        "small": 1e-30,
        "big": 2**70,
        "none": None,
        "flag": True,
        "nested": [{"b": 1, "a": [1.5, "x"]}, []],
        "a": "the order of fields stays",
    }
    entry = _entry(data=data)
    with views.history.writing(after=0, up_to=1) as rows:
        rows.put(entry)

    (found,) = views.history.of(entry.slug, after=0, limit=1)

    assert found == entry
    assert to_json(found.data) == to_json(data)


@pytest.mark.parametrize("seed", range(3))
def test_every_query_has_the_same_answer_on_every_store(
    seed: int, core: Core, tmp_path: Path, postgres_views: PostgresViews
) -> None:
    films = RandomFilms(seed, films=10, save=lambda film: core.generations.save(film.movie))
    with closing(SqliteViews(tmp_path).open()) as sqlite, closing(postgres_views.open()) as postgres:
        for _ in range(3):
            films.go_on(300)
            for views in (sqlite, postgres):
                views.follow(core.log)
            _dispatch_some(films, sqlite, postgres)

            on_sqlite, on_postgres = (_answers(films, core.log, views) for views in (sqlite, postgres))
            for query, answer in on_sqlite.items():
                assert on_postgres[query] == answer, query
                assert to_json(on_postgres[query]) == to_json(answer), query

    assert len(core.events()) > 300
    assert {job.status for film in films.films for job in film.movie.jobs.values()} == set(JobStatus)
    assert sum(bool(answer) for answer in on_sqlite.values()) > len(on_sqlite) / 5


def _answers(films: RandomFilms, log: EventLog, views: Views) -> dict[str, Any]:
    """What all queries find that a person could ask."""
    slugs = [film.movie.slug for film in films.films]
    middle = log.head() // 2
    return (
        {f"position of {name}": _view(views, name).position() for name in NAMES}
        | {f"movie {slug}": views.movies.get(slug) for slug in [*slugs, "unknown-1999"]}
        | {
            f"films between {ends}, {limit} at most": views.movies.between(*ends, limit=limit)
            for ends, limit in product(
                [("film-1-1", "film-1-3"), ("", "zzz"), ("film-2", "film-1")], [2, MANY]
            )
        }
        | {f"history of {slug}": views.history.of(slug, after=0, limit=MANY) for slug in slugs}
        | {
            f"audit {(slug, actor, event, since, after, limit)}": views.history.of_all(
                AuditSearch(slug=slug, actor=actor, event=event, since=since), after=after, limit=limit
            )
            for slug, actor, event, since, (after, limit) in product(
                [None, slugs[0]],
                [None, "admin", "nobody"],
                [None, "GenerationStarted"],
                [None, (films.now - BEGIN) / 2 + BEGIN],
                [(0, MANY), (middle, 2)],
            )
        }
        | {f"end of history of {slug}": views.history.of(slug, after=middle, limit=3) for slug in slugs}
        | {f"open claims {len(slugs)}": sorted(views.jobs.open_claims(), key=lambda claim: claim.job_id)}
        | _answers_about_jobs(films, views, slugs, middle)
        | _answers_of_searches(views, middle)
        | {"events at positions": sorted(views.history.at([1, middle, log.head()]).items())}
        | _answers_of_spending(films, views)
        | _answers_of_throughput(films, views)
        | _answers_of_refused(films, views)
        | _answers_of_texts(films, views)
        | _answers_to_the_dispatcher(films, views)
    )


def _answers_about_jobs(films: RandomFilms, views: Views, slugs: list[str], middle: int) -> dict[str, Any]:
    some = (films.now - BEGIN) / 2 + BEGIN
    listings = product(
        [None, *JobStatus],
        [None, slugs[0], "x"],
        [None, some, films.now],
        [None, *FailureType],
        [None, middle],
        [2, MANY],
    )
    jobs = [job.job_id for film in films.films for job in film.movie.jobs.values()]
    return (
        {f"job {job_id}": views.jobs.get(job_id) for job_id in [*jobs, UNKNOWN]}
        | {
            f"jobs {(status, slug, since, failure, before, limit)}": views.jobs.list(
                JobSearch(status=status, slug=slug, since=since, failure_type=failure),
                before=before,
                limit=limit,
            )
            for status, slug, since, failure, before, limit in listings
        }
        | {"failures by type": views.jobs.failures_by_type()}
        | {f"counts at {now}": views.jobs.counts(now) for now in (BEGIN, some, films.now)}
    )


def _answers_of_searches(views: Views, middle: int) -> dict[str, Any]:
    described = views.movies.list(MovieSearch(), after=None, limit=MANY)
    texts = [d.description_id for movie in described for d in movie.descriptions]
    starts = ["", "h", "Am", "hea", "19", *WORDS]
    searches = [
        *(MovieSearch(q=q, director=director) for q, director in product(starts, ["", "a", "Łódź", "o'lee"])),
        *(MovieSearch(q=f"{one} {other}") for one, other in product(starts, starts)),
        *(MovieSearch(genre=genre, year=year) for genre, year in product([*GENRES, "crime"], [None, 1995])),
        *(MovieSearch(description_id=text, year=year) for text, year in product(texts, [None, 2001])),
        *(MovieSearch(slug=movie.slug, q="a") for movie in described),
    ]
    return {
        f"{search} after {after}": views.movies.list(search, after=after, limit=limit)
        for search, (after, limit) in product(searches, [(None, MANY), (MoviePlace(middle), 2)])
    } | {
        f"{order} {is_descending} behind {movie.slug}": views.movies.list(
            MovieSearch(order=order, is_descending=is_descending), after=MoviePlace.of(movie, order), limit=2
        )
        for order, is_descending, movie in product(MovieOrder, [False, True], described)
    }


def _answers_of_spending(films: RandomFilms, views: Views) -> dict[str, Any]:
    days = product([BEGIN.date(), films.now.date()], [BEGIN.date(), films.now.date()])
    return {
        f"spending {(first, last, group_by)}": views.spending.between(first, last, group_by)
        for (first, last), group_by in product(days, GroupBy)
    }


def _answers_of_throughput(films: RandomFilms, views: Views) -> dict[str, Any]:
    days = product([BEGIN.date(), films.now.date()], [BEGIN.date(), films.now.date()])
    return {
        f"throughput {(first, last, span)}": views.throughput.between(first, last, span)
        for (first, last), span in product(days, Span)
    }


def _answers_of_refused(films: RandomFilms, views: Views) -> dict[str, Any]:
    searches = [
        RefusedSearch(model=model, since=since)
        for model, since in product([None, "fake", "Other", "x"], [None, BEGIN, _middle(films), films.now])
    ]
    refused = views.spending.refused(RefusedSearch(), before=None, limit=MANY)
    return {f"sum of {search}": views.spending.refused_sum(search) for search in searches} | {
        f"{search} behind {before}": views.spending.refused(search, before=before, limit=limit)
        for search, (before, limit) in product(searches, _places(refused))
    }


def _answers_of_texts(films: RandomFilms, views: Views) -> dict[str, Any]:
    texts = views.texts.list(TextSearch(), before=None, limit=MANY)
    searches = [
        TextSearch(ai_model=model, prompt_version=prompt, locale=locale, since=since)
        for model, prompt, locale, since in product(
            [None, "fake", "x"], [None, "1", "2"], [None, "pl-PL"], [None, _middle(films)]
        )
    ]
    return {f"text {one}": views.texts.get(one) for one in [UNKNOWN, *(t.description_id for t in texts)]} | {
        f"{search} behind {before}": views.texts.list(search, before=before, limit=limit)
        for search, (before, limit) in product(searches, _places(texts))
    }


def _places(rows: Sequence[TextRow] | Sequence[SpendingRow]) -> list[tuple[Place | None, int]]:
    """Before all rows, and behind some of them."""
    return [(None, MANY), *((Place(row.at, row.position), 2) for row in rows[::7])]


def _middle(films: RandomFilms) -> datetime:
    return (films.now - BEGIN) / 2 + BEGIN


def _answers_to_the_dispatcher(films: RandomFilms, views: Views) -> dict[str, Any]:
    asked = product(Priority, [BEGIN, films.now], ["1", "2"], [BEGIN, films.now], [2, MANY])
    return {
        f"due {(priority, now, epoch, sent_before, limit)}": views.dispatches.due(
            priority, now=now, epoch=epoch, sent_before=sent_before, limit=limit
        )
        for priority, now, epoch, sent_before, limit in asked
    }


def _dispatch_some(films: RandomFilms, *stores: Views) -> None:
    for views in stores:
        for priority in Priority:
            due = views.dispatches.due(priority, now=films.now, epoch="1", sent_before=BEGIN, limit=2)
            views.dispatches.record(due, epoch="1", at=films.now)


def _in_two(log: EventLog) -> tuple[list[Recorded], list[Recorded]]:
    """All events, as two batches: the second film begins in the second."""
    events = log.after(0, limit=MANY)
    return events[:20], events[20:]


def _view(views: Views, name: str) -> Any:
    return getattr(views, name)


def _projection(views: Views, name: str) -> Projection[Any, Any]:
    return next(projection for projection in views.projections() if projection.view.name == name)


@contextmanager
def _before_the_commit(views: Views, step: Callable[[], object]) -> Iterator[None]:
    """Let something happen after the rows were written and before they are committed."""
    folding = views.store.folding

    @contextmanager
    def interrupted(view: str, **positions: int) -> Iterator[Any]:
        with folding(view, **positions) as cursor:
            yield cursor
            step()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(views.store, "folding", interrupted)
        yield


def _entry(data: dict[str, Any] | None = None) -> HistoryRow:
    return HistoryRow(
        position=MANY,
        slug="heat-1995",
        version=1,
        event="DescriptionGenerated",
        at=BEGIN,
        actor="a",
        correlation_id="r",
        data=data or {"text": f"A{NUL}B"},
    )
