"""Answers kept by idempotency key, on every store."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from application.errors import StoreUnavailable
from application.kept_answers import (
    KEPT_FOR,
    Answer,
    AnswerBook,
    IdempotencyKeyReused,
    Kept,
    KeptAnswers,
    Repeatable,
)
from infrastructure.settings import Settings
from interfaces.bootstrap import open_store
from tests.support.core import Clock, in_threads

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REQUEST = Repeatable("somebody", "key", b"\x00\xff what it says")
ANSWER = Answer(202, {"location": "/v1/jobs/1", "x": "ł"}, b'{"job_id": "\xc5\x82"}')


@pytest.fixture
def book(settings: Settings) -> Iterator[AnswerBook]:
    with closing(open_store(settings)) as store:
        yield store.answers


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def answers(book: AnswerBook, clock: Clock) -> KeptAnswers:
    return KeptAnswers(book, clock=clock)


def test_an_answer_is_given_again_as_it_was(answers: KeptAnswers) -> None:
    assert answers.begin(REQUEST) is None
    assert answers.begin(REQUEST) is None, "it is being answered, or its process has died"
    assert answers.end(REQUEST, ANSWER) == ANSWER

    assert answers.begin(REQUEST) == ANSWER


def test_of_several_answers_the_first_counts(answers: KeptAnswers) -> None:
    for _ in range(2):
        answers.begin(REQUEST)
    answers.end(REQUEST, ANSWER)

    assert answers.end(REQUEST, replace(ANSWER, status=200)) == ANSWER


def test_another_request_under_the_key_is_refused_before_it_is_answered(answers: KeptAnswers) -> None:
    answers.begin(REQUEST)

    with pytest.raises(IdempotencyKeyReused, match="'key' came with another body"):
        answers.begin(replace(REQUEST, fingerprint=b"another"))
    for other in (replace(REQUEST, caller="another"), replace(REQUEST, key="another")):
        assert answers.begin(other) is None


def test_a_refused_request_leaves_the_key_free(answers: KeptAnswers) -> None:
    answers.begin(REQUEST)
    answers.give_up(REQUEST)

    assert answers.begin(replace(REQUEST, fingerprint=b"better")) is None


def test_who_is_refused_forgets_no_answer_and_no_request_of_others(answers: KeptAnswers) -> None:
    answers.begin(REQUEST)
    answers.give_up(replace(REQUEST, fingerprint=b"another"))
    with pytest.raises(IdempotencyKeyReused):
        answers.begin(replace(REQUEST, fingerprint=b"another"))

    answers.end(REQUEST, ANSWER)
    answers.give_up(REQUEST)
    assert answers.begin(REQUEST) == ANSWER


def test_after_a_day_a_key_begins_anew(answers: KeptAnswers, clock: Clock) -> None:
    answers.begin(REQUEST)
    answers.end(REQUEST, ANSWER)
    clock.now += KEPT_FOR
    assert answers.begin(REQUEST) == ANSWER
    clock.now += timedelta(microseconds=1)

    later = replace(REQUEST, fingerprint=b"another")
    assert answers.begin(later) is None
    assert answers.end(REQUEST, replace(ANSWER, status=200)).status == 200, "and is not kept: it is late"
    assert answers.begin(later) is None


def test_old_answers_are_forgotten(book: AnswerBook, answers: KeptAnswers, clock: Clock) -> None:
    answers.begin(REQUEST)
    clock.now += KEPT_FOR
    young = replace(REQUEST, key="young")
    answers.begin(young)
    clock.now += timedelta(seconds=1)

    answers.forget_old_ones()

    other = replace(REQUEST, fingerprint=b"another")
    assert book.reserve(other, now=clock(), kept_since=NOW) == Kept(b"another", None)
    assert book.reserve(young, now=clock(), kept_since=NOW) == Kept(REQUEST.fingerprint, None)


def test_many_at_once_agree_on_the_request_and_on_the_answer(answers: KeptAnswers) -> None:
    given: list[Answer] = []
    refused: list[IdempotencyKeyReused] = []

    def ask(number: int) -> None:
        request = replace(REQUEST, fingerprint=str(number % 2).encode())
        try:
            answer = answers.begin(request) or answers.end(request, replace(ANSWER, status=200 + number))
        except IdempotencyKeyReused as error:
            refused.append(error)
        else:
            given.append(answer)

    in_threads(*[partial(ask, number) for number in range(8)])

    assert (len(set(map(repr, given))), len(given), len(refused)) == (1, 4, 4)


class _Away(AnswerBook):
    def reserve(self, request: Repeatable, *, now: datetime, kept_since: datetime) -> Kept:
        raise StoreUnavailable("away for this test")

    def keep(self, request: Repeatable, answer: Answer) -> Answer:
        raise StoreUnavailable("away for this test")

    def release(self, request: Repeatable) -> None:
        raise StoreUnavailable("away for this test")

    def forget(self, *, before: datetime) -> None:
        raise StoreUnavailable("away for this test")


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(clock: Clock) -> None:
    answers = KeptAnswers(_Away(), clock=clock)

    with pytest.raises(StoreUnavailable):
        answers.begin(REQUEST)
    assert answers.end(REQUEST, ANSWER) == ANSWER
    answers.give_up(REQUEST)
