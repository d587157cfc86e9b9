"""What the lab counts of a round, from what is in the store, what was paid for, and what was answered."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from benchmarks.locking.desk import Answer
from benchmarks.locking.round_trips import Trips
from benchmarks.locking.rounds import Round, _measured
from benchmarks.locking.stage import Client
from benchmarks.locking.strategy import Job

HEAT, ALIEN = "heat-1995", "alien-1979"
ONE, OTHER = uuid4(), uuid4()


def _round(
    *,
    accepted: Mapping[str, Sequence[UUID]],
    paid: Mapping[str, int],
    answers: Mapping[str, Sequence[UUID]] | None = None,
    asked: Sequence[Client] = (),
) -> Round:
    named = answers or {}
    crew: Any = SimpleNamespace(
        desk=SimpleNamespace(
            trips=Trips(),
            answers_about=lambda slug: [Answer(Job(uuid4(), slug), one) for one in named.get(slug, ())],
        ),
        trips_beside=Trips,
        front=SimpleNamespace(accepted=lambda slug: accepted[slug]),
        model=SimpleNamespace(calls=lambda slug: [None] * paid[slug]),
    )
    return _measured(crew, list(accepted), lambda: list(asked))


@pytest.mark.parametrize(
    ("paid", "pays_twice"),
    [({HEAT: 1, ALIEN: 1}, False), ({HEAT: 1, ALIEN: 2}, True), ({HEAT: 1, ALIEN: 0}, False)],
)
def test_it_pays_twice_where_a_film_was_paid_for_twice(paid: dict[str, int], pays_twice: bool) -> None:
    found = _round(accepted={HEAT: [ONE], ALIEN: []}, paid=paid)

    assert found.pays_twice is pays_twice
    assert found.paid_calls == sum(paid.values())


def test_a_second_text_of_a_film_is_one_too_many() -> None:
    found = _round(accepted={HEAT: [ONE, OTHER], ALIEN: [uuid4()]}, paid={HEAT: 2, ALIEN: 1})

    assert (found.accepted_descriptions, found.duplicates) == (3, 1)


@pytest.mark.parametrize(
    ("answers", "contradictory"), [([ONE, ONE], 0), ([ONE, OTHER], 1), ([uuid4(), ONE], 2), ([], 0)]
)
def test_answers_contradict_that_name_another_text_than_the_first_or_one_that_is_not_there(
    answers: list[UUID], contradictory: int
) -> None:
    found = _round(accepted={HEAT: [ONE, OTHER]}, paid={HEAT: 2}, answers={HEAT: answers})

    assert found.contradictory_answers == contradictory


def test_who_got_no_answer_has_lost_a_job_and_has_no_time() -> None:
    asked = [Client(seconds=0.2), Client(why_lost="no answer in time"), Client(seconds=0.4)]

    found = _round(accepted={HEAT: [ONE]}, paid={HEAT: 1}, asked=asked)

    assert (found.lost_jobs, found.why_lost) == (1, ("no answer in time",))
    assert found.p50_ms == pytest.approx(300)
    assert found.p99_ms == pytest.approx(400)
