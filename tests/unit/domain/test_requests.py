"""Requests: rules 1 and 2, and what a film learns from them."""

from uuid import uuid4

import pytest

from domain import events
from domain.errors import DifferentFilm
from domain.movie_generation import MovieGeneration, stream_id
from domain.values import Actor, JobStatus, MovieFacts, Priority
from tests.support.film import BEGIN, CLIENT, ENGLISH, FUNNY, POLISH, SLUG, Film


def test_the_stream_of_a_slug_is_the_same_for_everyone() -> None:
    assert Film().movie.id == Film().movie.id == stream_id(SLUG)
    assert stream_id("heat-1995") != stream_id(SLUG)


def test_a_request_is_accepted_as_a_pending_job() -> None:
    film = Film()

    answer = film.ask(priority=Priority.BULK, force=True)

    assert (answer.status, answer.is_new, answer.description_id) == (JobStatus.PENDING, True, None)
    recorded = film.last()
    assert isinstance(recorded, events.GenerationRequested)
    assert (recorded.job_id, recorded.locale, recorded.context_tag) == (answer.job_id, "en-US", "DEFAULT")
    assert (recorded.forced, recorded.priority, recorded.confidence) == (True, "bulk", 0.9)
    assert recorded.requested_slug == SLUG


def test_every_event_says_who_decided_when_and_for_which_request() -> None:
    film = Film()
    film.advance(seconds=5)

    film.ask(by=Actor("key-7", correlation_id="request-9"))

    registered, requested = film.events()
    assert (registered.actor, registered.correlation_id, registered.timestamp) == (
        CLIENT.id,
        CLIENT.correlation_id,
        BEGIN,
    )
    assert (requested.actor, requested.correlation_id, requested.timestamp) == (
        "key-7",
        "request-9",
        film.now,
    )


@pytest.mark.parametrize("force", [False, True])
def test_a_request_while_a_job_is_pending_joins_it(force: bool) -> None:
    film = Film()
    first = film.ask()

    second = film.ask(force=force)

    assert (second.job_id, second.is_new, second.status) == (first.job_id, False, JobStatus.PENDING)
    assert film.names().count("GenerationRequested") == 1


def test_a_request_while_a_job_is_in_progress_joins_it() -> None:
    film = Film()
    first = film.ask()
    film.start(first.job_id)

    second = film.ask()

    assert (second.job_id, second.status) == (first.job_id, JobStatus.IN_PROGRESS)


def test_other_variants_have_jobs_of_their_own() -> None:
    film = Film()

    jobs = {film.ask(variant).job_id for variant in (ENGLISH, FUNNY, POLISH)}

    assert len(jobs) == 3


def test_a_described_variant_is_answered_with_its_description_and_the_job_that_made_it() -> None:
    film = Film()
    first = film.ask()
    film.start(first.job_id)
    description_id = film.complete(first.job_id, 1)
    before = len(film.events())

    again = film.ask()

    assert (again.status, again.description_id, again.job_id) == (
        JobStatus.DONE,
        description_id,
        first.job_id,
    )
    assert film.since(before) == []


def test_force_asks_for_another_text_although_there_is_one() -> None:
    film = Film()
    film.described()

    forced = film.ask(force=True)

    assert (forced.is_new, forced.status) == (True, JobStatus.PENDING)


def test_a_request_is_recognised_when_it_is_met_again() -> None:
    """The connection was lost at commit, and the retry finds its own event."""
    film = Film()
    job_id = uuid4()
    film.ask(job_id=job_id, force=True)
    film.start(job_id)
    description_id = film.complete(job_id, 1)
    before = len(film.events())

    again = film.ask(job_id=job_id, force=True)

    assert (again.job_id, again.status, again.description_id) == (job_id, JobStatus.DONE, description_id)
    assert film.since(before) == []


@pytest.mark.parametrize("ended", ["failed", "cancelled"])
def test_after_a_failed_or_cancelled_job_a_new_one_is_accepted(ended: str) -> None:
    film = Film()
    if ended == "failed":
        first = film.failed()
    else:
        first = film.ask().job_id
        film.by().cancel(first, reason="not wanted")

    second = film.ask()

    assert second.is_new
    assert second.job_id != first


def test_a_decision_must_be_signed() -> None:
    (registered,) = Film().events()
    replayed = registered.mutate(None)
    assert isinstance(replayed, MovieGeneration)

    with pytest.raises(AssertionError, match="sign"):
        replayed.request(ENGLISH, job_id=uuid4(), requested_slug=SLUG, confidence=0.9)


class TestRecognition:
    def test_what_a_request_knows_and_the_film_does_not_is_learnt(self) -> None:
        film = Film()

        film.by().recognise(
            MovieFacts(title="The Matrix", director="Lana Wachowski, Lilly Wachowski", genres=("Action",))
        )

        assert film.movie.facts == MovieFacts(
            title="The Matrix",
            release_year=1999,
            director="Lana Wachowski, Lilly Wachowski",
            genres=("Action",),
        )
        assert film.last().reason == "supplied with a request"

    def test_a_request_that_knows_nothing_new_records_nothing(self) -> None:
        film = Film()
        film.by().recognise(MovieFacts(title="the matrix", release_year=1999, director="Wachowski"))
        before = len(film.events())

        film.by().recognise(MovieFacts(title="The MATRIX"))
        film.by().recognise(MovieFacts(title="The Matrix", genres=()))

        assert film.since(before) == []

    def test_known_facts_are_not_replaced_by_a_requests(self) -> None:
        film = Film(facts=MovieFacts(title="The Matrix", release_year=1999, genres=("Action",)))

        film.by().recognise(MovieFacts(title="The Matrix", genres=("Comedy",)))

        assert film.movie.facts.genres == ("Action",)

    def test_a_title_read_from_the_slug_gives_way_to_the_real_one(self) -> None:
        film = Film("amelie-2001", MovieFacts(title="Amelie", release_year=2001))

        film.by().recognise(MovieFacts(title="Amélie", release_year=2001))

        assert film.movie.facts.title == "Amélie"

    def test_a_title_that_somebody_gave_is_never_replaced_by_a_request(self) -> None:
        film = Film("seven-1995", MovieFacts(title="Se7en", release_year=1995))

        film.by().recognise(MovieFacts(title="Seven", release_year=1995))
        film.by().recognise(MovieFacts(title="SEVEN", release_year=1995))

        assert film.movie.facts.title == "Se7en"

    def test_a_title_that_makes_another_slug_does_not_replace_the_guess(self) -> None:
        film = Film("amelie-2001", MovieFacts(title="Amelie", release_year=2001))

        film.by().recognise(MovieFacts(title="Something Else", release_year=2001))

        assert film.movie.facts.title == "Amelie"

    def test_another_director_means_another_film(self) -> None:
        film = Film("heat-1995", MovieFacts(title="Heat", release_year=1995, director="Michael Mann"))

        with pytest.raises(DifferentFilm, match="by Michael Mann"):
            film.by().recognise(MovieFacts(title="Heat", release_year=1995, director="Someone Else"))

    def test_the_slugs_own_year_means_this_film_after_its_year_was_corrected(self) -> None:
        film = Film()
        film.by().correct_facts(MovieFacts(title="The Matrix", release_year=2000), reason="typing error")

        film.by().recognise(MovieFacts(title="The Matrix", release_year=1999))
        film.by().recognise(MovieFacts(title="The Matrix", release_year=2000))

        assert film.movie.facts.release_year == 2000

    def test_another_year_means_another_film(self) -> None:
        film = Film("heat", MovieFacts(title="Heat", release_year=1995))

        with pytest.raises(DifferentFilm):
            film.by().recognise(MovieFacts(title="Heat", release_year=1986))

    @pytest.mark.parametrize(
        "director", [None, "Lana Wachowski", "lilly wachowski, LANA WACHOWSKI", "Lána Wachowski, Other"]
    )
    def test_no_director_or_one_in_common_means_this_film(self, director: str | None) -> None:
        film = Film(
            facts=MovieFacts(
                title="The Matrix", release_year=1999, director="Lana Wachowski, Lilly Wachowski"
            )
        )

        film.by().recognise(MovieFacts(title="The Matrix", release_year=1999, director=director))

        assert film.movie.facts.director == "Lana Wachowski, Lilly Wachowski"
