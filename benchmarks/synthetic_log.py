"""Fills an empty store with the log of a service that has been in use for half a year, of any length.

Run with `python -m benchmarks.synthetic_log --events 100000 --data-dir DIR`, or with `--store-url` and a
database that has its tables. The same seed gives the same events.

Films come in crowds, as imports and evenings bring them, and their jobs run side by side: most end within
some hundred events. One film of three is touched again, days or months later. Whatever happens to a film is
decided by its own aggregate; here is only who wants what of it, and when.
"""

import heapq
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count, islice
from random import Random
from typing import Annotated, cast
from uuid import UUID

import typer

from application.errors import store_errors
from domain import slugs
from domain.errors import MovieMindError
from domain.events import Event
from domain.job import Job
from domain.movie_generation import MovieGeneration
from domain.values import (
    Actor,
    ContextTag,
    Draft,
    Failure,
    FailureType,
    JobStatus,
    Locale,
    MovieFacts,
    PaidCall,
    Priority,
    PromotionScope,
    Variant,
)
from infrastructure.settings import load_settings
from infrastructure.store import Store
from infrastructure.writers.template import PHRASEBOOKS
from interfaces.bootstrap import open_store
from interfaces.cli.demo import FILMS
from interfaces.cli.films import read_films
from interfaces.cli.options import DataDir
from interfaces.cli.output import complain_of, progress, say

APPEND = 10_000
"""Events of one append."""

BEGIN, SPAN = datetime(2025, 6, 1, tzinfo=UTC), timedelta(days=180)
CROWD = range(1, 80)
"""Films that come together."""

EVENTS_PER_CROWD = 400
"""About; it sets how long it is quiet between two of them."""

CALLERS, WORKERS = 40, 12
RESCUER = Actor("rescuer", correlation_id="rescuer")
CLAIM_LIMIT = timedelta(seconds=150)
BACKOFF = (timedelta(seconds=10), timedelta(seconds=60))

VARIANTS = [Variant(locale, tag) for locale in Locale for tag in ContextTag]
WANTED = [6 if variant.locale is Locale.EN_US else 1 for variant in VARIANTS]
MODEL, PROMPT = "openai:gpt-4o-mini", "describe-1"
SENTENCES = {
    locale: [s for style in book.styles.values() for s in (*style.opening, *style.middle, *style.closing)]
    for locale, book in PHRASEBOOKS.items()
}
ENOUGH_LETTERS = range(400, 780)
"""A text ends with the sentence that brings it there."""

FAILURES = [
    *3 * [Failure(FailureType.AI_API_ERROR, "The AI provider had a failure.", "HTTP 503")],
    *2 * [Failure(FailureType.TIMEOUT, "Writing took too long.", "no text within 90 s")],
    *2 * [Failure(FailureType.VALIDATION_ERROR, "The answer of the AI was not usable.", "cut-off")],
    *3 * [Failure(FailureType.NOT_FOUND, "The AI does not know this film.")],
]
ANSWERED = (FailureType.VALIDATION_ERROR, FailureType.NOT_FOUND)
"""Failures of which is known what they cost."""

Story = Iterator[timedelta]
"""Decides on a film, waits, decides again. A decision that is refused ends it, as it ends what people do."""


@dataclass(eq=False)
class LogHasBegun(MovieMindError):
    """The store holds events already; a synthetic log needs an empty one."""


def main(
    events: Annotated[int, typer.Option(min=1, help="How many the log is to have.")],
    data_dir: DataDir = None,
    store_url: Annotated[str | None, typer.Option(help="The event store [MOVIEMIND_STORE_URL].")] = None,
    seed: Annotated[int, typer.Option(help="Another one gives other events.")] = 1,
) -> None:
    """Fill an empty store with synthetic events."""
    try:
        settings = load_settings(data_dir=data_dir, store_url=store_url)
        with closing(open_store(settings)) as store, progress() as bar:
            task = bar.add_task("filling", total=events)
            fill(store, events=events, seed=seed, progress=lambda added: bar.advance(task, added))
    except MovieMindError as error:
        complain_of(error)
        sys.exit(1)
    say(f"{events:,} events")


def fill(
    store: Store, *, events: int, seed: int = 1, progress: Callable[[int], None] = lambda _added: None
) -> None:
    """`progress` is told how many events each append has added. Raises LogHasBegun, StoreUnavailable."""
    if store.log.head():
        raise LogHasBegun
    generations = store.generations
    happened = islice(_World(seed, events=events).events(), events)
    while batch := [generations.mapper.to_stored_event(event) for event in islice(happened, APPEND)]:
        with store_errors():
            generations.recorder.insert_events(batch)
        progress(len(batch))


class _World:
    """Everybody who wants something of a film, and a clock that goes from one decision to the next."""

    def __init__(self, seed: int, *, events: int) -> None:
        self.chance = Random(seed)
        self.now = BEGIN
        self._quiet = SPAN * EVENTS_PER_CROWD / events
        self._waiting: list[tuple[datetime, int, _Film, Story]] = []
        self._numbers = count()
        self._callers = [f"{self.chance.getrandbits(48):012x}" for _ in range(CALLERS)]
        self._workers = [f"worker-{n}:1:{self.chance.getrandbits(32):08x}" for n in range(WORKERS)]

    def events(self) -> Iterator[Event]:
        """In the order they happen, without end."""
        for at, slug, facts, priority in self._arrivals():
            while self._waiting and self._waiting[0][0] <= at:
                yield from self._go_on()
            self.now = at
            film = _Film(self, slug, facts)
            self.begin(film, film.life(priority))

    def begin(self, film: "_Film", story: Story) -> None:
        self._wait(timedelta(), film, story)

    def caller(self, *, is_admin: bool = False) -> Actor:
        """One of them, with a request of its own."""
        return Actor(self.chance.choice(self._callers), self.uuid().hex, is_admin)

    def worker(self, job_id: UUID) -> Actor:
        return Actor(self.chance.choice(self._workers), str(job_id))

    def uuid(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)

    def seconds(self, least: float, most: float) -> timedelta:
        return timedelta(seconds=self.chance.uniform(least, most))

    def _wait(self, wait: timedelta, film: "_Film", story: Story) -> None:
        heapq.heappush(self._waiting, (self.now + wait, next(self._numbers), film, story))

    def _go_on(self) -> Iterator[Event]:
        """With the story that has waited for the earliest moment, up to its next wait."""
        self.now, _, film, story = heapq.heappop(self._waiting)
        try:
            wait = next(story, None)
        except MovieMindError:
            wait = None
        yield from cast(list[Event], film.movie.collect_events())
        if wait is not None:
            self._wait(wait, film, story)

    def _arrivals(self) -> Iterator[tuple[datetime, str, MovieFacts, Priority]]:
        at, films = BEGIN, _films()
        while True:
            size = self.chance.choice(CROWD)
            priority = Priority.BULK if size > 20 else Priority.INTERACTIVE
            for slug, facts in islice(films, size):
                yield at, slug, facts, priority
                at += self.seconds(0.1, 2)
            at += self._quiet * self.chance.expovariate(1)


class _Film:
    """A film, and the stories that happen to it."""

    def __init__(self, world: _World, slug: str, facts: MovieFacts) -> None:
        self._world, self._chance = world, world.chance
        self._requester = world.caller()
        self._texts: list[UUID] = []
        self.movie = MovieGeneration.register(slug, facts, by=self._requester, at=world.now)

    def life(self, priority: Priority) -> Story:
        """Asked for in one to four variants; one of three is touched again, long after that."""
        for variant in dict.fromkeys(self._chance.choices(VARIANTS, WANTED, k=self._chance.randint(1, 4))):
            self._ask(variant, by=self._requester, priority=priority)
        for _ in range(self._chance.choices((0, 1, 2, 4), (67, 18, 10, 5))[0]):
            yield timedelta(days=self._chance.expovariate(1 / 20))
            (touch,) = self._chance.choices((self._ask_again, self._revise, self._correct), (5, 4, 1))
            touch()

    def _job(self, job_id: UUID) -> Story:
        """On its way through the queue, tried until there is a text, or no sense in another try."""
        job = self.movie.jobs[job_id]
        while job.is_active:
            yield self._until_due(job)
            worker = self._world.worker(job_id)
            attempt = self._signed(worker).start(job_id, worker_id=worker.id, limit=CLAIM_LIMIT)
            if attempt is not None:
                yield self._world.seconds(3, 25)
                yield from self._outcome(job_id, attempt, worker)
        if job.status is JobStatus.FAILED and self._chance.random() < 0.6:
            yield from self._second_thoughts(job)

    def _outcome(self, job_id: UUID, attempt: int, worker: Actor) -> Story:
        fate = self._chance.random()
        if fate < 0.91:
            self._complete(job_id, attempt, worker)
        elif fate < 0.98:
            failure = self._chance.choice(FAILURES)
            call = _call(self._chance, failure.type.lower(), is_measured=failure.type in ANSWERED)
            self._signed(worker).fail(job_id, attempt, failure, (call,), backoff=BACKOFF)
        else:
            yield self._world.seconds(30, 60)
            self._signed(RESCUER).lose(job_id, attempt, why="no heartbeat for 30 s")
            self._world.begin(self, self._return_of_the_lost(job_id, attempt, worker))

    def _return_of_the_lost(self, job_id: UUID, attempt: int, worker: Actor) -> Story:
        yield self._world.seconds(5, 120)
        self._complete(job_id, attempt, worker)

    def _change_of_mind(self, job_id: UUID, requester: Actor) -> Story:
        yield self._world.seconds(1, 90)
        self._signed(requester).cancel(job_id, reason="not wanted any more")

    def _second_thoughts(self, failed: Job) -> Story:
        """Within a day somebody wants all that failed tried again, and may have asked anew before."""
        yield self._world.seconds(600, 90_000)
        if self._chance.random() < 0.5:
            self._ask(failed.variant, by=self._world.caller())
            yield self._world.seconds(600, 90_000)
        self._signed_by_an_admin().retry(failed.job_id, reason="the model is a better one now")
        yield from self._job(failed.job_id)

    def _ask(
        self, variant: Variant, *, by: Actor, force: bool = False, priority: Priority = Priority.INTERACTIVE
    ) -> None:
        asked = self._signed(by).request(
            variant,
            job_id=self._world.uuid(),
            requested_slug=self.movie.slug,
            confidence=0.9,
            force=force,
            priority=priority,
        )
        if asked.is_new:
            self._world.begin(self, self._job(asked.job_id))
            if self._chance.random() < 0.03:
                self._world.begin(self, self._change_of_mind(asked.job_id, by))

    def _ask_again(self) -> None:
        """For another text of the film's first variant, or for one of another variant."""
        is_forced = self._chance.random() < 0.6
        first = next(iter(self.movie.jobs.values())).variant
        variant = first if is_forced else self._chance.choices(VARIANTS, WANTED)[0]
        self._ask(variant, by=self._world.caller(), force=is_forced)

    def _correct(self) -> None:
        facts = self.movie.facts
        earlier = replace(facts, release_year=facts.release_year and facts.release_year - 1)
        self._signed_by_an_admin().correct_facts(earlier, reason="it was shown a year before")

    def _revise(self) -> None:
        """A person edits, promotes or withdraws one of the texts, if there are any."""
        if not self._texts:
            return
        movie, text_id, own = self._signed_by_an_admin(), self._chance.choice(self._texts), self._world.uuid()
        what = self._chance.random()
        if what < 0.2:
            movie.withdraw(text_id, reason="it is wrong about a living person")
        elif what < 0.5:
            movie.promote(text_id, self._chance.choice(list(PromotionScope)))
        else:
            variant = movie.descriptions.get(text_id).variant
            text = _text(self._chance, variant.locale, movie.facts)
            movie.edit(variant, text, based_on=text_id, description_id=own, content_hash=_hash(text))
            self._texts.append(own)

    def _complete(self, job_id: UUID, attempt: int, worker: Actor) -> None:
        movie, own = self._signed(worker), self._world.uuid()
        text = _text(self._chance, movie.jobs[job_id].variant.locale, movie.facts)
        draft = Draft(
            text=text,
            ai_model=MODEL,
            prompt_version=PROMPT,
            prompt_hash=_hash(PROMPT),
            input_hash=_hash(f"{movie.slug}/{job_id}/{attempt}"),
            content_hash=_hash(text),
        )
        call = _call(self._chance, "accepted")
        if movie.complete(job_id, attempt, draft, (call,), description_id=own) == own:
            self._texts.append(own)

    def _until_due(self, job: Job) -> timedelta:
        """Until a worker has a message about it in its hands."""
        due_in = job.due_at - self._world.now if job.due_at else timedelta()
        return max(due_in, timedelta()) + self._world.seconds(0.1, 60)

    def _signed(self, by: Actor) -> MovieGeneration:
        self.movie.sign(by, self._world.now)
        return self.movie

    def _signed_by_an_admin(self) -> MovieGeneration:
        return self._signed(self._world.caller(is_admin=True))


def _films() -> Iterator[tuple[str, MovieFacts]]:
    """The real ones, then a second part of each, a third part, and so on."""
    real = [row.request for row in read_films(FILMS) if row.request]
    for part in count(1):
        for film in real:
            title = f"{film['title']} Part {part}" if part > 1 else film["title"]
            year, director, genres = film["release_year"], film["director"], tuple(film["genres"])
            facts = MovieFacts(title=title, release_year=year, director=director, genres=genres)
            yield slugs.from_title(title, year), facts


def _text(chance: Random, locale: Locale, facts: MovieFacts) -> str:
    """Sentences of a language about a film, in no order that anybody would choose."""
    known = {"director": "N. N.", "genres": "N. N."} | PHRASEBOOKS[locale].known(facts)
    letters, text = chance.choice(ENOUGH_LETTERS), ""
    while len(text) <= letters:
        text += " " + chance.choice(SENTENCES[locale]).format_map(known)
    return text.lstrip()


def _call(chance: Random, outcome: str, *, is_measured: bool = True) -> PaidCall:
    tokens_in, tokens_out = chance.randint(500, 1_200), chance.randint(120, 300)
    return PaidCall(
        model=MODEL,
        tokens_in=tokens_in if is_measured else None,
        tokens_out=tokens_out if is_measured else None,
        cost_microusd=round(0.15 * tokens_in + 0.6 * tokens_out) if is_measured else None,
        latency_ms=chance.randint(2_000, 25_000),
        outcome=outcome,
    )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    typer.run(main)
