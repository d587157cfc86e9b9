"""One film in memory, told as a story: who does what, and what was recorded."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid4

from domain.events import Event
from domain.job import Job
from domain.movie_generation import MovieGeneration
from domain.values import (
    Actor,
    ContextTag,
    Draft,
    Failure,
    FailureType,
    Locale,
    MovieFacts,
    PaidCall,
    Requested,
    Variant,
)

SLUG = "the-matrix-1999"
FACTS = MovieFacts(title="The Matrix", release_year=1999)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
CLIENT = Actor("client", correlation_id="request-1")
ENGLISH = Variant(Locale.EN_US, ContextTag.DEFAULT)
FUNNY = Variant(Locale.EN_US, ContextTag.HUMOROUS)
POLISH = Variant(Locale.PL_PL, ContextTag.DEFAULT)
CALL = PaidCall(model="fake", tokens_in=10, tokens_out=20, cost_microusd=7, latency_ms=1, outcome="accepted")
CLAIM_LIMIT = timedelta(seconds=150)
BACKOFF = (timedelta(seconds=10), timedelta(seconds=60))


def draft(text: str = "A hacker learns what the world is.") -> Draft:
    return Draft(
        text=text, ai_model="fake", prompt_version="1", prompt_hash=None, input_hash="in", content_hash="out"
    )


class Film:
    """A film and a clock that moves only when told to. Every step is signed by `CLIENT` unless said."""

    def __init__(self, slug: str = SLUG, facts: MovieFacts = FACTS) -> None:
        self.now = BEGIN
        self.movie = MovieGeneration.register(slug, facts, by=CLIENT, at=self.now)
        self._recorded: list[Event] = []

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)

    def by(self, actor: Actor = CLIENT) -> MovieGeneration:
        """The film, signed for a decision now."""
        self.movie.sign(actor, self.now)
        return self.movie

    def ask(self, variant: Variant = ENGLISH, *, by: Actor = CLIENT, **more: Any) -> Requested:
        return self.by(by).request(
            variant, job_id=more.pop("job_id", uuid4()), requested_slug=SLUG, confidence=0.9, **more
        )

    def start(self, job_id: UUID, *, worker_id: str = "worker") -> int | None:
        return self.by().start(job_id, worker_id=worker_id, limit=CLAIM_LIMIT)

    def complete(self, job_id: UUID, attempt: int, *, description_id: UUID | None = None) -> UUID | None:
        return self.by().complete(job_id, attempt, draft(), (CALL,), description_id=description_id or uuid4())

    def fail(
        self,
        job_id: UUID,
        attempt: int,
        kind: FailureType = FailureType.AI_API_ERROR,
        *,
        paid: bool = True,
        shut_for: timedelta | None = None,
    ) -> None:
        """With `shut_for` it is that of the provider, which is left alone for so long."""
        failure = Failure(kind, "It did not work.", "503 from the model")
        not_its_own = None if shut_for is None else self.now + shut_for
        calls = (CALL,) if paid else ()
        self.by().fail(job_id, attempt, failure, calls, backoff=BACKOFF, not_its_own=not_its_own)

    def lose(self, job_id: UUID, attempt: int) -> bool:
        return self.by().lose(job_id, attempt, why="silent")

    def described(self, variant: Variant = ENGLISH, **more: Any) -> UUID:
        """Ask for a description and have it written; its id."""
        job_id = self.ask(variant, **more).job_id
        attempt = self.start(job_id)
        assert attempt is not None
        description_id = self.complete(job_id, attempt)
        assert description_id is not None
        return description_id

    def failed(self, variant: Variant = ENGLISH) -> UUID:
        """A job that has failed for good; its id."""
        job_id = self.ask(variant).job_id
        attempt = self.start(job_id)
        assert attempt is not None
        self.fail(job_id, attempt, FailureType.NOT_FOUND)
        return job_id

    def lost_for_good(self, variant: Variant = ENGLISH) -> UUID:
        """A job all of whose workers were lost; the text of the third may still arrive."""
        job_id = self.ask(variant).job_id
        for attempt in (1, 2, 3):
            assert self.start(job_id) == attempt
            self.lose(job_id, attempt)
        return job_id

    def job(self, job_id: UUID) -> Job:
        return self.movie.jobs[job_id]

    def events(self) -> list[Any]:
        """Everything recorded so far, oldest first."""
        self._recorded += cast(Sequence[Event], self.movie.collect_events())
        return list(self._recorded)

    def names(self) -> list[str]:
        return [type(event).__name__ for event in self.events()]

    def since(self, count: int) -> list[str]:
        """Names of the events recorded after the first `count`."""
        return self.names()[count:]

    def last(self) -> Any:
        return self.events()[-1]

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events() if isinstance(event, kind)]
