"""Random commands against the aggregate, compared step by step with a small model and with its own replay."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    precondition,
    rule,
)

from domain import events
from domain.errors import MovieMindError
from domain.movie_generation import MovieGeneration
from domain.values import Actor, FailureType, MovieFacts, PromotionScope, Variant
from tests.support.film import ENGLISH, FUNNY, Film
from tests.support.model import ModelFilm
from tests.support.stored import mapper

VARIANTS = st.sampled_from([ENGLISH, FUNNY])
AGES = st.sampled_from([0, 0, 0, 1, 2, -1])
"""How many attempts before the last one; -1 is one that was never started."""
REPORTED = st.sampled_from([kind for kind in FailureType if kind is not FailureType.WORKER_LOST])
OWNERS = st.sampled_from(["anna", "ben"])
_UNSTORED = {"_by", "_at", "_pending_events"}


class FilmMachine(RuleBasedStateMachine):
    jobs: Bundle[UUID] = Bundle("jobs")
    texts: Bundle[UUID] = Bundle("texts")

    def __init__(self) -> None:
        super().__init__()
        self.film = Film()
        self.model = ModelFilm()
        self.mapper = mapper()
        self.replayed: MovieGeneration | None = None
        self.stored = 0
        self.ids = (UUID(int=number) for number in range(1, 10**6))

    @rule(seconds=st.sampled_from([1, 10, 60, 600]))
    def time_passes(self, seconds: int) -> None:
        self.film.advance(seconds=seconds)

    @rule(target=jobs, variant=VARIANTS, force=st.booleans(), owner=OWNERS)
    def request(self, variant: Variant, force: bool, owner: str) -> Any:
        job_id = next(self.ids)
        expected = self.model.request(job_id, variant, force=force, owner=owner)
        answer = self.film.ask(variant, by=Actor(owner, "r"), job_id=job_id, force=force)
        if expected is None:
            assert (answer.status, answer.description_id) == ("DONE", self.model.current[variant])
        else:
            assert answer.job_id == expected
            assert answer.status == self.model.jobs[expected].status
        return job_id if answer.is_new else multiple()

    @rule(job=jobs)
    def start(self, job: UUID) -> None:
        expected = self.model.start(job, self.film.now)
        assert self._outcome(lambda: self.film.start(job)) == expected

    @rule(target=texts, job=jobs, age=AGES)
    def complete(self, job: UUID, age: int) -> Any:
        text_id, attempt = next(self.ids), self._attempt(job, age)
        expected = self.model.complete(job, attempt, text_id)
        found = self._outcome(lambda: self.film.complete(job, attempt, description_id=text_id))
        assert found == expected
        return text_id if expected == text_id else multiple()

    @rule(job=jobs, age=AGES, kind=REPORTED, paid=st.booleans())
    def fail(self, job: UUID, age: int, kind: FailureType, paid: bool) -> None:
        attempt = self._attempt(job, age)
        expected = self.model.fail(job, attempt, kind, paid=paid, now=self.film.now)
        assert self._outcome(lambda: self.film.fail(job, attempt, kind, paid=paid)) == expected

    @rule(job=jobs, age=AGES)
    def lose(self, job: UUID, age: int) -> None:
        attempt = self._attempt(job, age)
        expected = self.model.lose(job, attempt, self.film.now)
        assert self.film.lose(job, attempt) is expected

    @rule(job=jobs, times=st.integers(1, 3))
    def workers_die_one_after_the_other(self, job: UUID, times: int) -> None:
        for _ in range(times):
            self.start(job)
            self.lose(job, 0)

    @precondition(lambda self: self._given_up())
    @rule(target=texts, data=st.data())
    def a_worker_that_was_given_up_delivers(self, data: st.DataObject) -> Any:
        return self.complete(data.draw(st.sampled_from(self._given_up())), 0)

    @rule(job=jobs, kind=REPORTED, times=st.integers(1, 3))
    def tries_fail_one_after_the_other(self, job: UUID, kind: FailureType, times: int) -> None:
        for _ in range(times):
            self.start(job)
            self.fail(job, 0, kind, paid=True)
            self.film.advance(seconds=60)

    @rule(job=jobs)
    def retry(self, job: UUID) -> None:
        expected = self.model.retry(job)
        assert self._outcome(lambda: self.film.by().retry(job, reason="r") and None) == expected

    @rule(job=jobs, by=OWNERS, admin=st.booleans())
    def cancel(self, job: UUID, by: str, admin: bool) -> None:
        expected = self.model.cancel(job, by=by, admin=admin)
        who = Actor(by, "r", is_admin=admin)
        assert self._outcome(lambda: self.film.by(who).cancel(job, reason="r") and None) == expected

    @rule(text=texts, scope=st.sampled_from(PromotionScope))
    def promote(self, text: UUID, scope: PromotionScope) -> None:
        expected = self.model.promote(text, film=scope is PromotionScope.FILM)
        assert self._outcome(lambda: self.film.by().promote(text, scope)) == expected

    @rule(target=texts, source=texts, variant=VARIANTS)
    def edit(self, source: UUID, variant: Variant) -> Any:
        text_id = next(self.ids)
        expected = self.model.edit(text_id, variant, source)
        found = self._outcome(
            lambda: self.film.by().edit(
                variant, "By hand.", based_on=source, description_id=text_id, content_hash="h"
            )
        )
        assert found == expected
        return text_id if expected is None else multiple()

    @rule(text=consumes(texts), again=st.booleans())
    def withdraw(self, text: UUID, again: bool) -> None:
        for _ in range(2 if again else 1):
            expected = self.model.withdraw(text)
            assert self._outcome(lambda: self.film.by().withdraw(text, reason="r")) == expected

    @rule(title=st.sampled_from(["The Matrix", "Matrix"]), year=st.sampled_from([None, 1999]))
    def correct_facts(self, title: str, year: int | None) -> None:
        facts = MovieFacts(title=title, release_year=year)
        self.film.by().correct_facts(facts, reason="r")
        assert self.film.movie.facts == facts

    @invariant()
    def the_replay_of_the_stored_events_is_the_film_itself(self) -> None:
        for event in self.film.events()[self.stored :]:
            stored = self.mapper.to_domain_event(self.mapper.to_stored_event(event))
            self.replayed = stored.mutate(self.replayed)  # type: ignore[attr-defined]
            self.stored += 1
        assert _state(self.replayed) == _state(self.film.movie)

    @invariant()
    def the_film_is_as_the_model_says(self) -> None:
        movie = self.film.movie
        assert {
            job.job_id: (job.status, job.attempt, job.claim and job.claim.attempt, job.description_id)
            for job in movie.jobs.values()
        } == {job.id: (job.status, job.started, job.running, job.text) for job in self.model.jobs.values()}
        assert movie.descriptions.default == self.model.default
        for variant in (ENGLISH, FUNNY):
            assert movie.descriptions.current(variant) == self.model.current.get(variant)
        for text in self.model.texts:
            found = movie.descriptions.get(text.id)
            assert (found.variant, found.revision, found.is_withdrawn) == (
                text.variant,
                text.revision,
                text.withdrawn,
            )

    @invariant()
    def the_promises_hold_in_the_stream(self) -> None:
        made = Counter(event.job_id for event in self.film.of(events.DescriptionGenerated))
        assert all(count == 1 for count in made.values()), "one accepted description per job"
        starts = Counter((e.job_id, e.attempt) for e in self.film.of(events.GenerationStarted))
        assert all(count == 1 for count in starts.values()), "a fencing token is given once"
        accepted = {(e.job_id, e.attempt) for e in self.film.of(events.DescriptionGenerated)}
        assert accepted <= set(starts), "a text is accepted only from an attempt that was started"
        paid = Counter((e.job_id, e.attempt) for e in self.film.events() if getattr(e, "calls", None))
        assert all(count == 1 for count in paid.values()), "what an attempt cost is recorded once"
        active = Counter(job.variant for job in self.film.movie.jobs.values() if job.is_active)
        assert all(count == 1 for count in active.values()), "one active job per variant"

    def _given_up(self) -> list[UUID]:
        return [job.id for job in self.model.jobs.values() if job.lost]

    def _attempt(self, job: UUID, age: int) -> int:
        return max(0, self.model.jobs[job].started - age)

    def _outcome(self, step: Callable[[], Any]) -> Any:
        """What a step returned, or the name of the error it raised, which must have recorded nothing."""
        before = self.film.movie.version
        try:
            return step()
        except MovieMindError as error:
            assert self.film.movie.version == before
            return type(error).__name__


def _state(movie: MovieGeneration | None) -> dict[str, Any]:
    return {name: value for name, value in vars(movie).items() if name not in _UNSTORED}


TestFilmMachine = FilmMachine.TestCase
TestFilmMachine.settings = settings(max_examples=300, stateful_step_count=40)
