"""Who asked for a text, what wrote it, and what became of it, whatever has happened on the way."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from application.errors import TextNotFound
from application.text_origin import TextOrigin, text_origin
from domain.values import Actor, Failure, FailureType, PromotionScope
from tests.support.core import Core
from tests.support.film import BACKOFF, BEGIN, CALL, ENGLISH, SLUG, Film, draft

ANNA, BEN = Actor("mm_anna", "request-7"), Actor("mm_ben", "request-8")
LOST = replace(CALL, tokens_in=None, tokens_out=None, cost_microusd=None, outcome="worker_lost")
FLAWED = replace(CALL, cost_microusd=100, outcome="validation_error")

Tell = Callable[[Film, UUID], TextOrigin]


@pytest.fixture
def tell(core: Core) -> Tell:
    def tell(film: Film, description_id: UUID) -> TextOrigin:
        core.generations.save(film.movie)
        return text_origin(SLUG, description_id, generations=core.generations)

    return tell


def _afterwards(origin: TextOrigin, core: Core) -> list[str]:
    return [core.names()[version - 1] for version in origin.afterwards]


def test_who_asked_and_each_attempt_of_the_job_with_what_it_took(tell: Tell) -> None:
    film = Film()
    job_id = film.ask(by=ANNA).job_id
    film.start(job_id, worker_id="host:1:a")
    film.advance(seconds=1)
    flawed = Failure(FailureType.VALIDATION_ERROR, "The text was not good enough.")
    film.by().fail(job_id, 1, flawed, [FLAWED], backoff=BACKOFF)
    film.advance(minutes=1)
    film.start(job_id, worker_id="host:1:a")
    film.by().lose(job_id, 2, why="silent", calls=[LOST])
    film.start(job_id, worker_id="host:2:b")
    text = film.complete(job_id, 3)
    assert text is not None

    origin = tell(film, text)

    assert origin.request is not None
    assert (origin.request.actor, origin.request.correlation_id) == ("mm_anna", "request-7")
    assert origin.request.timestamp == BEGIN
    told = [(one.worker_id, one.outcome, one.reason, one.message) for one in origin.attempts]
    assert told == [
        ("host:1:a", "failed", "VALIDATION_ERROR", "The text was not good enough."),
        ("host:1:a", "failed", "WORKER_LOST", "The worker was lost before it could finish."),
        ("host:2:b", "accepted", None, None),
    ]
    spent = [one.spent and (one.spent.cost_microusd, one.spent.unknown_cost_calls) for one in origin.attempts]
    assert spent == [(100, 0), (0, 1), (7, 0)]
    assert (origin.retries, origin.afterwards) == ([], [])


def test_a_worker_that_was_taken_for_lost_and_came_back_is_told_as_it_ended(tell: Tell) -> None:
    film = Film()
    job_id = film.ask().job_id
    film.start(job_id)
    film.by().lose(job_id, 1, why="silent", calls=[LOST])
    text = film.complete(job_id, 1)
    assert text is not None

    (attempt,) = tell(film, text).attempts

    assert (attempt.outcome, attempt.reason) == ("accepted", None)
    assert attempt.spent is not None
    assert (attempt.spent.cost_microusd, attempt.spent.unknown_cost_calls) == (7, 0)


def test_who_asked_for_new_tries_is_told_too(tell: Tell) -> None:
    film = Film()
    job_id = film.failed()
    film.by(BEN).retry(job_id, reason="the writer knows it now")
    film.start(job_id)
    text = film.complete(job_id, 2)
    assert text is not None

    origin = tell(film, text)

    assert [(one.actor, one.reason) for one in origin.retries] == [("mm_ben", "the writer knows it now")]
    assert [one.outcome for one in origin.attempts] == ["failed", "accepted"]


def test_what_became_of_a_text(tell: Tell, core: Core) -> None:
    film = Film()
    first = film.described()
    second = film.described(force=True)
    film.by().promote(first, PromotionScope.VARIANT)
    mine = uuid4()
    film.by().edit(ENGLISH, "Mine.", based_on=second, description_id=mine, content_hash="h")
    film.by().withdraw(mine, reason="wrong")
    film.by().withdraw(second, reason="legal")

    assert _afterwards(tell(film, first), core) == [
        "DescriptionGenerated",  # which took its place
        "DescriptionPromoted",
        "DescriptionEdited",  # which took its place, though it was written from the other
        "DescriptionWithdrawn",  # the other, whose place it took
    ]
    assert _afterwards(tell(film, second), core) == [
        "DescriptionPromoted",  # the other, in its place
        "DescriptionEdited",
        "DescriptionWithdrawn",  # the edited one, whose place it took
        "DescriptionWithdrawn",
    ]
    assert tell(film, mine).movie.current(ENGLISH.locale, ENGLISH.context_tag) is not None


def test_a_text_of_a_person_was_asked_for_by_nobody(tell: Tell, core: Core) -> None:
    film, mine = Film(), uuid4()
    first = film.described()
    film.by(BEN).edit(ENGLISH, "Mine.", based_on=first, description_id=mine, content_hash="h")

    origin = tell(film, mine)

    assert (origin.request, origin.attempts, origin.afterwards) == (None, [], [])
    assert (origin.accepted.actor, origin.accepted.text) == ("mm_ben", "Mine.")


def test_jobs_and_late_texts_that_it_came_before_are_told(tell: Tell, core: Core) -> None:
    film = Film()
    late = film.ask().job_id
    for attempt in (1, 2, 3):
        assert film.start(late) == attempt
        film.lose(late, attempt)
    text = film.described()
    film.by().complete(late, 3, draft(), [CALL], description_id=uuid4())

    origin = tell(film, text)

    assert _afterwards(origin, core) == ["StaleResultRejected"]
    assert [one.outcome for one in origin.attempts] == ["accepted"], "those of its own job alone"


def test_a_text_there_is_not(tell: Tell) -> None:
    film = Film()
    film.described()

    with pytest.raises(TextNotFound):
        tell(film, UUID(int=1))
