"""How much was done in each minute: folded from the log, and summed up the same on every store."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest

from application.throughput import Span, Throughput
from application.verify import verify
from infrastructure.store import Store
from interfaces.bootstrap import projections_of
from tests.golden.record import story
from tests.support.core import Core
from tests.support.film import BEGIN, ENGLISH, FUNNY, Film
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import change, rebuilt, views_of
from tests.support.stores import Views

DAY = BEGIN.date()
INSTANT = timedelta(microseconds=1)
COUNTED = {
    "GenerationRequested": "jobs_requested",
    "GenerationStarted": "attempts_started",
    "DescriptionGenerated": "texts_accepted",
    "GenerationAttemptFailed": "attempts_failed",
    "GenerationFailed": "jobs_failed",
    "StaleResultRejected": "results_refused",
    "GenerationCancelled": "jobs_cancelled",
}

Ask = Callable[..., Mapping[str, Throughput]]


@pytest.fixture
def ask(core: Core, views: Views) -> Ask:
    """What happened to films, once the view has followed."""

    def ask(
        *films: Film, first: date = DAY, last: date = DAY, span: Span = Span.MINUTE
    ) -> Mapping[str, Throughput]:
        for film in films:
            core.generations.save(film.movie)
        views.follow(core.log)
        return views.throughput.between(first, last, span)

    return ask


def _asked_for_at(*moments: datetime) -> list[Film]:
    """A film for each, for which one job was requested then."""
    films = []
    for number, at in enumerate(moments):
        films.append(Film(f"film-{number}-1999"))
        films[-1].now = at
        films[-1].ask()
    return films


def test_a_minute_counts_what_was_recorded_in_it(ask: Ask) -> None:
    film = Film()
    job_id = film.ask().job_id
    film.start(job_id)
    film.advance(minutes=1)
    film.fail(job_id, 1)
    film.advance(minutes=1)
    film.start(job_id)
    film.advance(minutes=1)
    film.complete(job_id, 2)

    assert ask(film) == {
        "2026-01-01T00:00": Throughput(jobs_requested=1, attempts_started=1),
        "2026-01-01T00:01": Throughput(attempts_failed=1),
        "2026-01-01T00:02": Throughput(attempts_started=1),
        "2026-01-01T00:03": Throughput(texts_accepted=1),
    }


def test_what_fails_for_good_what_is_cancelled_and_what_comes_too_late_are_told_apart(ask: Ask) -> None:
    film = Film()
    film.failed(ENGLISH)
    cancelled = film.ask(FUNNY).job_id
    film.start(cancelled)
    film.by().cancel(cancelled, reason="not wanted")
    film.complete(cancelled, 1)

    assert ask(film) == {
        "2026-01-01T00:00": Throughput(
            jobs_requested=2,
            attempts_started=2,
            attempts_failed=1,
            jobs_failed=1,
            jobs_cancelled=1,
            results_refused=1,
        )
    }


def test_what_people_do_to_a_film_is_no_throughput(ask: Ask) -> None:
    film = Film()
    first, second = film.described(), film.described(force=True)
    before = ask(film)
    film.advance(minutes=1)
    film.by().edit(ENGLISH, "Words.", based_on=first, description_id=uuid4(), content_hash="h")
    film.by().withdraw(second, reason="wrong")

    assert ask(film) == before


def test_every_minute_of_a_film_to_which_everything_has_happened(core: Core, ask: Ask) -> None:
    found = ask(story(), first=date.min, last=date.max)

    counted = Counter(COUNTED[name] for name in core.names() if name in COUNTED)
    assert set(counted) == {*COUNTED.values()}
    assert {name: sum(getattr(one, name) for one in found.values()) for name in counted} == counted


def test_events_of_one_minute_that_come_in_many_batches_are_one_row(core: Core, views: Views) -> None:
    for number in range(5):
        film = Film(f"film-{number}-1999")
        film.advance(seconds=number)
        film.described()
        core.generations.save(film.movie)
        views.follow(core.log)

    assert len(views.rows()["throughput"]) == 1
    assert views.throughput.between(DAY, DAY, Span.MINUTE) == {
        "2026-01-01T00:00": Throughput(jobs_requested=5, attempts_started=5, texts_accepted=5)
    }


@pytest.mark.parametrize(
    ("span", "requested"),
    [
        (Span.MINUTE, {"2026-01-01T00:00": 2, "2026-01-01T00:01": 1, "2026-01-01T01:00": 1}),
        (Span.HOUR, {"2026-01-01T00": 3, "2026-01-01T01": 1}),
        (Span.DAY, {"2026-01-01": 4}),
    ],
    ids=[*Span],
)
def test_it_is_summed_up_by_minute_hour_or_day(ask: Ask, span: Span, requested: dict[str, int]) -> None:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    films = _asked_for_at(BEGIN + hour, BEGIN + minute, BEGIN, BEGIN + minute - INSTANT)

    found = ask(*films, span=span)

    assert [(name, one.jobs_requested) for name, one in found.items()] == [*requested.items()]


def test_a_day_begins_and_ends_at_midnight_in_utc(ask: Ask) -> None:
    midnight = BEGIN + timedelta(days=1)
    films = _asked_for_at(BEGIN - INSTANT, BEGIN, midnight - INSTANT, midnight)

    assert {*ask(*films)} == {"2026-01-01T00:00", "2026-01-01T23:59"}
    days = ask(first=date.min, last=date.max, span=Span.DAY)
    assert {day: one.jobs_requested for day, one in days.items()} == {
        "2025-12-31": 1,
        "2026-01-01": 2,
        "2026-01-02": 1,
    }


def test_a_minute_is_one_of_utc_wherever_a_clock_stands(ask: Ask) -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))

    found = ask(*_asked_for_at(BEGIN, BEGIN.astimezone(kathmandu)))

    assert found == {"2026-01-01T00:00": Throughput(jobs_requested=2)}


def test_a_day_on_which_nothing_happened_has_no_groups(ask: Ask) -> None:
    assert ask(*_asked_for_at(BEGIN), first=DAY + timedelta(days=1), last=date.max) == {}


def test_following_rebuilding_and_counting_come_to_the_same(store: Store, films: RandomFilms) -> None:
    counted: dict[str, Counter[str]] = {}
    for recorded in store.log.after(0, limit=100_000):
        if name := COUNTED.get(type(recorded.event).__name__):
            minute = recorded.event.timestamp.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
            counted.setdefault(minute, Counter())[name] += 1
    expected = {minute: Throughput(**counts) for minute, counts in sorted(counted.items())}
    assert len(expected) > 10
    followed = views_of(store)["throughput"]

    assert store.throughput.between(DAY, films.now.date(), Span.MINUTE) == expected
    change(store, "UPDATE throughput SET jobs_requested = 7")
    rebuilt(store)
    assert views_of(store)["throughput"] == followed


@pytest.mark.usefixtures("films")
def test_a_minute_that_counts_wrong_is_found(store: Store) -> None:
    change(store, "UPDATE throughput SET texts_accepted = texts_accepted + 1")

    verified = verify(projections_of(store), log=store.log, second_sets=store.second_sets)

    differing = {one.view: one.difference for one in verified if one.difference}
    assert [*differing] == ["throughput"]
    assert str(differing["throughput"]).endswith("differs in texts_accepted")
