"""A process that was not upgraded meets what a newer one has written: it says so, and loses nothing."""

import pytest

from application.commands.correct_movie_facts import CorrectMovieFacts, correct_movie_facts
from application.commands.request_generation import RequestGeneration, request_generation
from application.errors import EventTooNew
from application.event_log import EventLog
from application.movie_replay import stream_of
from application.projector import Projector
from domain.values import Actor
from infrastructure.store import Store
from interfaces.bootstrap import projections_of
from tests.conformance.test_stopped_views import drained
from tests.support.newer import CORRECTED, TRANSLATED, append_unknown, upgraded
from tests.support.rebuilding import follow, rebuilt, views_of

ADMIN = Actor("admin", "r", is_admin=True)
HEAT, ALIEN = "heat-1995", "alien-1979"


def _ask(store: Store, slug: str) -> None:
    request_generation(RequestGeneration(slug=slug, by=ADMIN), generations=store.generations)


def _correct(store: Store) -> None:
    correct_movie_facts(
        CorrectMovieFacts(
            slug=HEAT,
            changes={"director": "Michael Mann"},
            reason="missing",
            by=ADMIN,
            expected_versions=None,
        ),
        generations=store.generations,
    )


@pytest.fixture
def newer(store: Store) -> Store:
    """A newer process has corrected the facts of a film; whoever uses the store now is older."""
    _ask(store, HEAT)
    with upgraded():
        _correct(store)
    _ask(store, ALIEN)
    return store


def test_nothing_is_decided_about_a_film_that_cannot_be_read(newer: Store) -> None:
    before = newer.log.count()

    with pytest.raises(EventTooNew) as refused:
        _ask(newer, HEAT)

    assert str(refused.value) == (
        f"A newer MovieMind has written {CORRECTED} of version 2, and this one knows version 1; upgrade it."
        " Nothing is lost."
    )
    assert newer.log.count() == before
    with pytest.raises(EventTooNew):
        stream_of(HEAT, generations=newer.generations)


def test_other_films_are_decided_upon(newer: Store) -> None:
    assert newer.generations.load(ALIEN).jobs
    _ask(newer, "playtime-1967")


def test_an_event_that_nobody_here_has_heard_of_is_as_new(store: Store) -> None:
    _ask(store, HEAT)
    append_unknown(HEAT, generations=store.generations)

    with pytest.raises(EventTooNew) as refused:
        store.generations.load(HEAT)

    assert f"has written {TRANSLATED}, and this one knows no event of that name; upgrade" in str(
        refused.value
    )


def test_a_topic_is_never_looked_for_among_the_modules_that_are_installed(store: Store) -> None:
    _ask(store, HEAT)
    append_unknown(HEAT, generations=store.generations, topic="os:system")

    with pytest.raises(EventTooNew, match="has written os:system, and this one knows no event of that name"):
        store.generations.load(HEAT)


def test_the_views_stop_before_it_and_say_what_to_do(newer: Store) -> None:
    follow(newer)

    for projection in projections_of(newer):
        why = projection.view.status().stopped_because
        assert why is not None
        assert f"The event {CORRECTED} at position " in why
        assert "this one knows version 1; upgrade it. Nothing is lost." in why
        assert newer.log.count_after(projection.view.position(), at_most=100) == 3


def test_a_view_whose_next_event_is_of_a_film_that_cannot_be_read_stops_as_well(store: Store) -> None:
    """A newer projector has folded the beginning of the film, and what follows is of a version known here."""
    with upgraded("MovieRegistered"):
        _ask(store, HEAT)
        follow(store)
        _correct(store)
    before = views_of(store)

    drained(Projector(EventLog(store.generations), projections_of(store)))

    assert views_of(store) == before
    for projection in projections_of(store):
        assert "MovieRegistered of version 2" in (projection.view.status().stopped_because or "")


def test_after_the_upgrade_everything_goes_on_where_it_stood(newer: Store) -> None:
    follow(newer)

    with upgraded():
        follow(newer)
        _ask(newer, HEAT)
        follow(newer)

        assert {one.view.status().stopped_because for one in projections_of(newer)} == {None}
        assert {one.view.position() for one in projections_of(newer)} == {newer.log.head()}
        film = newer.generations.load(HEAT)
        assert film.facts.director == "Michael Mann"
        assert [newer.jobs.get(job.job_id) is not None for job in film.jobs.values()] == [True]
        followed = views_of(newer)
        rebuilt(newer)
        assert views_of(newer) == followed
