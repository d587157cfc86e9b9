"""Films to which anything may happen that can, the same for the same seed."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import cycle, product
from uuid import UUID

from domain.errors import MovieMindError
from domain.values import (
    Actor,
    ContextTag,
    Draft,
    Failure,
    FailureType,
    Locale,
    MovieFacts,
    Priority,
    PromotionScope,
    Variant,
)
from tests.support.film import BACKOFF, BEGIN, CALL, Film

WORDS = ["Amélie", "Łódź", "heat", "Heat-Waves", "theater", "O'Lee", "100%", "waves", "Щ", "Ame", "am_lie"]
GENRES = ["Drama", "Crime Drama", "Science-Fiction", "drama", "Comédie"]
TEXTS = [
    "A hacker\nlearns “what” the world is.",
    "Ręką człowieka. 🎬",
    "Zero: \x00, back\\slash.",
    "x" * 3_000,
]
VARIANTS = [
    Variant(*both)
    for both in product((Locale.EN_US, Locale.PL_PL), (ContextTag.DEFAULT, ContextTag.HUMOROUS))
]
CALLS = [
    (),
    (CALL,),
    (replace(CALL, model="Other", cost_microusd=2**40),),
    (replace(CALL, tokens_in=None, tokens_out=None, cost_microusd=None, outcome="timeout"),),
    (replace(CALL, outcome="validation_error"), CALL),
]
FAILURES = [kind for kind in FailureType if kind is not FailureType.WORKER_LOST]


class RandomFilms:
    """`save` is called with a film after each step. Slugs begin with `name`; clocks may be `wrong_by` so
    much."""

    def __init__(
        self,
        seed: int,
        *,
        films: int,
        save: Callable[[Film], object],
        name: str = "film",
        wrong_by: timedelta = timedelta(0),
    ) -> None:
        self._name, self._wrong_by = name, wrong_by
        self._random = random.Random(seed)
        self._save = save
        self._calls = cycle(CALLS)
        self._texts: dict[str, list[UUID]] = {}
        self.now = BEGIN
        self.films = [self._registered(number) for number in range(films)]
        for film in self.films:
            save(film)

    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            film = self._random.choice(self.films)
            self.now += timedelta(microseconds=self._random.randrange(20_000_000))
            film.now = self.now - (
                self._random.random() * self._wrong_by if self._wrong_by else self._wrong_by
            )
            with suppress(MovieMindError):
                self._random.choice(self._steps(film))()
            self._save(film)

    def _registered(self, number: int) -> Film:
        year = self._random.choice([None, 1995, 2001, 2011])
        return Film(f"{self._name}-{number}-{year or 'x'}", self._facts(year))

    def _facts(self, year: int | None) -> MovieFacts:
        chosen = self._random
        return MovieFacts(
            title=" ".join(chosen.choices(WORDS, k=3)),
            release_year=year,
            director=chosen.choice([None, ", ".join(chosen.choices(WORDS, k=2))]),
            genres=tuple(chosen.choices(GENRES, k=chosen.randint(0, 3))),
        )

    def _steps(self, film: Film) -> list[Callable[[], object]]:
        """What may happen now; some of it is refused."""
        steps: list[Callable[[], object]] = [*3 * [lambda: self._ask(film)], lambda: self._correct(film)]
        if film.movie.jobs:
            steps += 2 * self._steps_of_a_job(film)
        if film.movie.slug in self._texts:
            steps += self._steps_of_a_text(film)
        return steps

    def _ask(self, film: Film) -> object:
        chosen = self._random
        return film.ask(
            chosen.choice(VARIANTS),
            job_id=self._id(),
            by=Actor(chosen.choice(["anna", "ben"]), "r"),
            force=chosen.random() < 0.4,
            priority=chosen.choice(list(Priority)),
        )

    def _correct(self, film: Film) -> None:
        film.by().correct_facts(self._facts(film.movie.facts.release_year), reason="misspelt")

    def _steps_of_a_job(self, film: Film) -> list[Callable[[], object]]:
        chosen = self._random
        jobs = list(film.movie.jobs.values())
        job = chosen.choice([job for job in jobs if job.is_active or chosen.random() < 0.2] or jobs)
        admin = Actor("admin", "r", is_admin=True)
        return [
            *2 * [lambda: film.start(job.job_id, worker_id=chosen.choice(["host:1:a", "host:2:b"]))],
            *2 * [lambda: self._complete(film, job.job_id, job.attempt)],
            lambda: self._fail(film, job.job_id, job.attempt),
            lambda: film.lose(job.job_id, job.attempt),
            lambda: film.by().retry(job.job_id, reason="again"),
            lambda: film.by(admin).cancel(job.job_id, reason="no") if chosen.random() < 0.3 else None,
        ]

    def _complete(self, film: Film, job_id: UUID, attempt: int) -> None:
        text = self._random.choice(TEXTS)
        draft = Draft(
            text=text,
            ai_model="fake",
            prompt_version="1",
            prompt_hash=None,
            input_hash="in",
            content_hash="out",
        )
        found = film.by().complete(job_id, attempt, draft, next(self._calls), description_id=self._id())
        if found is not None:
            self._texts.setdefault(film.movie.slug, []).append(found)

    def _fail(self, film: Film, job_id: UUID, attempt: int) -> None:
        failure = Failure(self._random.choice(FAILURES), "It did not work.", "503 from the model")
        film.by().fail(job_id, attempt, failure, next(self._calls), backoff=BACKOFF)

    def _steps_of_a_text(self, film: Film) -> list[Callable[[], object]]:
        chosen = self._random
        text = chosen.choice(self._texts[film.movie.slug])
        return [
            lambda: film.by().promote(text, chosen.choice(list(PromotionScope))),
            lambda: film.by().withdraw(text, reason="wrong"),
            lambda: self._edit(film, text),
        ]

    def _edit(self, film: Film, based_on: UUID) -> None:
        variant, text, own = self._random.choice(VARIANTS), self._random.choice(TEXTS), self._id()
        film.by().edit(variant, text, based_on=based_on, description_id=own, content_hash="h")
        self._texts[film.movie.slug].append(own)

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128))
