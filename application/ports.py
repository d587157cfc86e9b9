"""Roles the use cases need filled from outside; the infrastructure fills them."""

from dataclasses import dataclass
from typing import Protocol, Self
from uuid import UUID

from domain.job import Job
from domain.movie_generation import MovieGeneration
from domain.values import ContextTag, Draft, Failure, Locale, MovieFacts, PaidCall, Priority


@dataclass(frozen=True, slots=True, kw_only=True)
class WritingTask:
    """What a writer is told: the film, the variant, and which revision of it this will be (from 1).

    `existing_texts` are those of the film that readers may see in this language.
    """

    slug: str
    facts: MovieFacts
    locale: Locale
    context_tag: ContextTag
    revision: int
    existing_texts: tuple[str, ...]
    job_id: UUID
    attempt: int

    @classmethod
    def of(cls, job: Job, movie: MovieGeneration) -> Self:
        """For the last attempt of a job."""
        return cls(
            slug=movie.slug,
            facts=movie.facts,
            locale=job.variant.locale,
            context_tag=job.variant.context_tag,
            revision=movie.descriptions.next_revision(job.variant),
            existing_texts=movie.descriptions.texts(job.variant.locale),
            job_id=job.job_id,
            attempt=job.attempt,
        )


@dataclass(frozen=True, slots=True)
class Written:
    """A draft and every paid call it took."""

    draft: Draft
    calls: tuple[PaidCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Quote:
    """What a paid call would come to: the model, and what it may cost at most in micro-USD, None where the
    model has no price."""

    model: str
    at_most_microusd: int | None


class WritingFailed(Exception):
    """The writer ended without a text."""

    def __init__(self, failure: Failure, calls: tuple[PaidCall, ...] = ()) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.calls = calls


class DescriptionWriter(Protocol):
    """Writes one description; may take seconds and cost money."""

    def quote(self, task: WritingTask) -> Quote | None:
        """What writing would cost; None where it is free of charge."""
        ...

    def write(self, task: WritingTask) -> Written:
        """Raises WritingFailed, with the type of the failure and what it cost."""
        ...

    def close(self) -> None:
        """Let go of connections; nothing is written any more."""
        ...


class JobQueue(Protocol):
    """Wakes workers. A message is disposable: it names an attempt and carries no state."""

    def epoch(self) -> str:
        """Changes whenever queued messages may have been lost, so that they are sent again.

        Raises QueueUnavailable, as everything here does while the queue cannot be reached."""
        ...

    def waiting(self) -> int:
        """Messages that no worker has taken yet."""
        ...

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        """Whoever is told that it failed sends it again: twice is harmless, the claim decides."""
        ...
