"""docs/lifecycle.md against the aggregate, both ways: each of its arrows happens, and nothing else does."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest

from domain.errors import MovieMindError
from domain.movie_generation import MovieGeneration
from domain.values import Actor, FailureType, PromotionScope, Variant
from tests.support.film import CLIENT, ENGLISH, FUNNY, Film

PAGE = Path(__file__).parents[2] / "docs" / "lifecycle.md"
NOWHERE = "[*]"
WALKS, STEPS = 3_000, 60


class Arrow(NamedTuple):
    """A job or description goes from one state to another by the events of one append."""

    start: str
    end: str
    by: str


class WatchedFilm(Film):
    """Notes every arrow: whoever is about to decide signs first, and then looks what the last one did."""

    def __init__(self) -> None:
        super().__init__()
        self.arrows: set[Arrow] = set()
        self._seen: dict[UUID, str] = {}
        self._looked_at = len(self.events())

    def by(self, actor: Actor = CLIENT) -> MovieGeneration:
        self.look()
        return super().by(actor)

    def look(self) -> None:
        new, now = self.events()[self._looked_at :], _states(self.movie)
        for subject in now:
            before = self._seen.get(subject, NOWHERE)
            if before != now[subject]:
                self.arrows.add(Arrow(before, now[subject], self._by(subject, new)))
        self._seen, self._looked_at = now, self._looked_at + len(new)

    def _by(self, subject: UUID, new: list[Any]) -> str:
        names = [
            type(event).__name__
            for event in new
            if (
                getattr(event, "job_id", None) == subject
                if subject in self.movie.jobs
                else hasattr(event, "description_id")
            )
        ]
        return " + ".join(names)


def _states(movie: MovieGeneration) -> dict[UUID, str]:
    """The state of every job and description of a film."""
    states = {job.job_id: job.status.value for job in movie.jobs.values()}
    for description in movie.descriptions._by_id.values():
        is_current = movie.descriptions.current(description.variant) == description.description_id
        shown = "current" if is_current else "earlier"
        states[description.description_id] = "withdrawn" if description.is_withdrawn else shown
    return states


def _take_any_step(film: Film, dice: Random) -> None:
    """Anything that anybody can do to a film, also what will be refused."""
    variant = dice.choice([ENGLISH, FUNNY])
    jobs, texts = list(film.movie.jobs), list(film.movie.descriptions._by_id)
    if not jobs:
        film.ask(variant)
        return
    job_id = dice.choice(jobs)
    attempt = max(1, film.job(job_id).attempt - dice.choice([0, 0, 0, 1]))
    steps: list[Callable[[], object]] = [
        lambda: film.advance(seconds=60),
        lambda: film.ask(variant, force=dice.random() < 0.5),
        lambda: film.start(job_id),
        lambda: film.complete(job_id, attempt),
        lambda: film.fail(job_id, attempt, dice.choice(list(FailureType))),
        lambda: film.lose(job_id, attempt),
        lambda: film.by().retry(job_id, reason="r"),
    ]
    rare: list[Callable[[], object]] = [lambda: film.by().cancel(job_id, reason="r")]
    if texts:
        text = dice.choice(texts)
        rare += [
            lambda: _edit(film, text, variant),
            lambda: film.by().promote(text, dice.choice(list(PromotionScope))),
            lambda: film.by().withdraw(text, reason="r"),
        ]
    dice.choice(steps * 3 + rare)()


def _drawn() -> list[Arrow]:
    diagrams = "".join(re.findall(r"```mermaid\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
    return [
        Arrow(*found)
        for found in re.findall(r"^ *(\S+) --> (\w+): (\w+(?: \+ \w+)*)$", diagrams, re.MULTILINE)
    ]


def _finished() -> set[str]:
    return set(re.findall(r"^ *(\w+) --> \[\*\]$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def _edit(film: Film, based_on: UUID, variant: Variant = ENGLISH) -> None:
    film.by().edit(variant, "By hand.", based_on=based_on, description_id=uuid4(), content_hash="h")


def _start(film: Film) -> UUID:
    job_id = film.ask().job_id
    film.start(job_id)
    return job_id


def _lose(film: Film) -> UUID:
    job_id = _start(film)
    film.lose(job_id, 1)
    return job_id


def _fail(film: Film) -> None:
    film.fail(_start(film), 1)


def _retry(film: Film) -> None:
    failed = film.failed()
    film.by().retry(failed, reason="r")


def _cancel_waiting(film: Film) -> None:
    waiting = film.ask().job_id
    film.by().cancel(waiting, reason="r")


def _cancel_running(film: Film) -> None:
    running = _start(film)
    film.by().cancel(running, reason="r")


def _start_what_is_described(film: Film) -> None:
    late = film.lost_for_good()
    waiting = film.ask().job_id
    film.complete(late, 3)
    film.start(waiting)


def _retry_what_is_described(film: Film) -> None:
    failed = film.failed()
    film.described()
    film.by().retry(failed, reason="r")


def _deliver_late_what_is_described(film: Film) -> None:
    lost = _lose(film)
    _edit(film, film.described(FUNNY))
    film.complete(lost, 1)


def _deliver_what_is_described(film: Film) -> None:
    running = _start(film)
    _edit(film, film.described(FUNNY))
    film.complete(running, 1)


def _deliver_after_being_lost(film: Film) -> None:
    film.complete(_lose(film), 1)


def _deliver_after_the_last_try_was_lost(film: Film) -> None:
    film.complete(film.lost_for_good(), 3)


def _describe_again(film: Film) -> None:
    film.described()
    film.described(force=True)


def _promote(film: Film) -> None:
    first = film.described()
    film.described(force=True)
    film.by().promote(first, PromotionScope.VARIANT)


def _withdraw_current(film: Film) -> None:
    film.described()
    second = film.described(force=True)
    film.by().withdraw(second, reason="r")


def _withdraw_earlier(film: Film) -> None:
    first = film.described()
    film.described(force=True)
    film.by().withdraw(first, reason="r")


STORIES: dict[Arrow, Callable[[Film], object]] = {
    Arrow(NOWHERE, "PENDING", "GenerationRequested"): Film.ask,
    Arrow("PENDING", "IN_PROGRESS", "GenerationStarted"): _start,
    Arrow("IN_PROGRESS", "DONE", "DescriptionGenerated"): Film.described,
    Arrow("IN_PROGRESS", "PENDING", "GenerationAttemptFailed"): _fail,
    Arrow("IN_PROGRESS", "FAILED", "GenerationAttemptFailed + GenerationFailed"): Film.failed,
    Arrow("FAILED", "PENDING", "GenerationRetryRequested"): _retry,
    Arrow("PENDING", "CANCELLED", "GenerationCancelled"): _cancel_waiting,
    Arrow("IN_PROGRESS", "CANCELLED", "GenerationCancelled"): _cancel_running,
    Arrow("PENDING", "DONE", "GenerationSatisfied"): _start_what_is_described,
    Arrow("FAILED", "DONE", "GenerationSatisfied"): _retry_what_is_described,
    Arrow("PENDING", "DONE", "StaleResultRejected + GenerationSatisfied"): _deliver_late_what_is_described,
    Arrow("IN_PROGRESS", "DONE", "StaleResultRejected + GenerationSatisfied"): _deliver_what_is_described,
    Arrow("PENDING", "DONE", "DescriptionGenerated"): _deliver_after_being_lost,
    Arrow("FAILED", "DONE", "DescriptionGenerated"): _deliver_after_the_last_try_was_lost,
    Arrow(NOWHERE, "current", "DescriptionGenerated"): Film.described,
    Arrow(NOWHERE, "current", "DescriptionEdited"): _deliver_what_is_described,
    Arrow("current", "earlier", "DescriptionGenerated"): _describe_again,
    Arrow("current", "earlier", "DescriptionEdited"): lambda film: _edit(film, film.described()),
    Arrow("current", "earlier", "DescriptionPromoted"): _promote,
    Arrow("earlier", "current", "DescriptionPromoted"): _promote,
    Arrow("earlier", "current", "DescriptionWithdrawn"): _withdraw_current,
    Arrow("current", "withdrawn", "DescriptionWithdrawn"): _withdraw_current,
    Arrow("earlier", "withdrawn", "DescriptionWithdrawn"): _withdraw_earlier,
}
"""How to make each arrow happen."""


@pytest.mark.parametrize("arrow", _drawn(), ids=str)
def test_every_arrow_of_the_diagrams_happens(arrow: Arrow) -> None:
    film = WatchedFilm()

    STORIES[arrow](film)

    film.look()
    assert arrow in film.arrows


def test_whatever_happens_has_an_arrow_and_every_arrow_a_story() -> None:
    found: set[Arrow] = set()
    for seed in range(WALKS):
        film, dice = WatchedFilm(), Random(seed)
        for _ in range(STEPS):
            with suppress(MovieMindError):
                _take_any_step(film, dice)
        film.look()
        found |= film.arrows

    assert found == set(_drawn()) == set(STORIES)


def test_the_tables_say_what_the_diagrams_say() -> None:
    rows = re.findall(
        r"^\| (\S+) \| (\w+) \| (\w+(?: \+ \w+)*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )

    assert [
        Arrow(start.replace("\N{EN DASH}", NOWHERE), end, by) for start, end, by in rows if by != "by"
    ] == _drawn()


def test_the_final_states_are_those_no_arrow_leaves() -> None:
    assert _finished() == {arrow.end for arrow in _drawn()} - {arrow.start for arrow in _drawn()}
