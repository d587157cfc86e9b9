"""The event-sourced application: films are loaded, decided upon, and saved under the version check.

`decide` is where concurrent commands meet. Every append names the stream version it was decided on;
if anything came between, the store refuses it, and the decision is made again on what is there now.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Application
from eventsourcing.persistence import IntegrityError, Mapper
from eventsourcing.utils import Environment, EnvType

from application.errors import MovieNotFound, StoreUnavailable, TooMuchContention, store_errors
from application.event_mapper import EventMapper
from domain.events import DescriptionEdited, DescriptionGenerated
from domain.movie_generation import MovieGeneration, stream_id
from domain.values import Actor, MovieFacts

MAX_DECISIONS = 10
"""How often a decision is made again before its caller is told to come back."""

STORE_RETRY_SECONDS = 0.5

T = TypeVar("T")
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class MovieGenerations(Application[UUID]):
    name = "movie_generations"

    def __init__(
        self, env: EnvType, *, clock: Clock = utc_now, on_append: Callable[[], None] = lambda: None
    ) -> None:
        """`on_append` is called after each append and may wake followers; nothing depends on it."""
        super().__init__(env)
        self.clock = clock
        self._on_append = on_append

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        # The library would let variables of the process' environment override what the settings say.
        return Environment(name, dict(env or {}))

    def construct_mapper(self) -> Mapper[UUID]:
        return self.factory.mapper(self.construct_transcoder(), EventMapper)

    def load(self, slug: str) -> MovieGeneration:
        """Raises MovieNotFound, EventTooNew."""
        with store_errors():
            try:
                return self.repository.get(stream_id(slug))
            except AggregateNotFoundError:
                raise MovieNotFound(slug) from None

    def decide(
        self,
        slug: str,
        decision: Callable[[MovieGeneration], T],
        *,
        by: Actor,
        register: MovieFacts | None = None,
        first_on: MovieGeneration | None = None,
        gives_up: Callable[[], bool] | None = None,
        recognise: Callable[[MovieGeneration, T], T | None] = lambda _film, _result: None,
    ) -> T:
        """Load a film, decide, and save at the version decided on; overtaken, decide again on what is new.

        `register` begins the film's stream if there is none. `first_on` is a film as an earlier decision
        left it: the first decision is then saved at exactly that version, or not at all. Gives up after
        MAX_DECISIONS, or when the store cannot be used; a worker, which has time, `gives_up` when it says so.
        `recognise` is asked about the film after appends whose answers were lost, with the result of each:
        what it finds to be ours was saved.

        Raises MovieNotFound, EventTooNew, TooMuchContention, StoreUnavailable, and whatever the decision
        raises.
        """
        decisions, unanswered = 0, list[T]()
        while True:
            decisions += 1
            try:
                movie, first_on = first_on or self._load_or_register(slug, register, by), None
                movie.sign(by, self.clock())
                for result in unanswered:
                    if (saved := recognise(movie, result)) is not None:
                        return saved
                unanswered.append(decision(movie))
                self._append(movie)
                return unanswered[-1]
            except IntegrityError:
                del unanswered[-1]
                # Overtaken. The film in hand is worthless now: its events are drained, its version is old.
                if decisions >= MAX_DECISIONS and (gives_up is None or gives_up()):
                    raise TooMuchContention(slug, decisions) from None
            except StoreUnavailable:
                if gives_up is None or gives_up():
                    raise
                time.sleep(STORE_RETRY_SECONDS)

    def consider(
        self, slug: str, decision: Callable[[MovieGeneration], T], *, by: Actor, register: MovieFacts
    ) -> T:
        """What `decide` would answer now; nothing is saved."""
        movie = self._load_or_register(slug, register, by)
        movie.sign(by, self.clock())
        return decision(movie)

    def replay_description(self, slug: str, description_id: UUID) -> DescriptionGenerated | DescriptionEdited:
        """The event that accepted a description, read back from the film's stream."""
        with store_errors():
            for event in self.events.get(stream_id(slug)):
                match event:
                    case DescriptionGenerated() | DescriptionEdited() if (
                        event.description_id == description_id
                    ):
                        return event
        raise MovieNotFound(slug)

    def _load_or_register(self, slug: str, facts: MovieFacts | None, by: Actor) -> MovieGeneration:
        try:
            return self.load(slug)
        except MovieNotFound:
            if facts is None:
                raise
            return MovieGeneration.register(slug, facts, by=by, at=self.clock())

    def _append(self, movie: MovieGeneration) -> None:
        if movie.pending_events:
            with store_errors():
                self.save(movie)
            self._on_append()
