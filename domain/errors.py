"""What the rules refuse, as typed errors. The docstring of a class is the sentence a person reads."""

import re
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any
from uuid import UUID


class MovieMindError(Exception):
    """Base of every error a user can cause or meet; its facts are its fields."""

    def __str__(self) -> str:
        return cleandoc(type(self).__doc__ or "").format(**self.facts)

    @property
    def facts(self) -> dict[str, Any]:
        """The fields by name, for logs and problem documents."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    @property
    def code(self) -> str:
        """Stable name for clients: SlugRefused is `slug-refused`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()


@dataclass(eq=False)
class SlugRefused(MovieMindError):
    """The slug '{slug}' is refused: {reason}."""

    slug: str
    reason: str


@dataclass(eq=False)
class ReadsLikeAnOrder(MovieMindError):
    """'{phrase}' in {field} reads like an instruction to a model, not like something about a film."""

    slug: str
    field: str
    phrase: str


@dataclass(eq=False)
class TitleMakesNoSlug(MovieMindError):
    """The title '{title}' has no letters or digits to make a slug from; give the film a slug yourself."""

    title: str


@dataclass(eq=False)
class FactsContradictSlug(MovieMindError):
    """The slug '{slug}' says {slug_year}, but release_year says {release_year}; correct one of them."""

    slug: str
    slug_year: int
    release_year: int


@dataclass(eq=False)
class DifferentFilm(MovieMindError):
    """'{slug}' is another film of that title and year, by {director}."""

    slug: str
    director: str | None


@dataclass(eq=False)
class JobNotFound(MovieMindError):
    """There is no job {job_id}."""

    job_id: UUID


@dataclass(eq=False)
class AlreadyClaimed(MovieMindError):
    """Job {job_id} is already being worked on by {worker_id}."""

    job_id: UUID
    worker_id: str


@dataclass(eq=False)
class NotDueYet(MovieMindError):
    """Job {job_id} waits for its next try until {due_at}."""

    job_id: UUID
    due_at: Any


@dataclass(eq=False)
class AttemptNotStarted(MovieMindError):
    """Job {job_id} has started no attempt {attempt}, so there is no result of it."""

    job_id: UUID
    attempt: int


@dataclass(eq=False)
class JobIsFinal(MovieMindError):
    """Job {job_id} has ended as {status} and cannot be changed any more."""

    job_id: UUID
    status: str


@dataclass(eq=False)
class JobHasNotFailed(MovieMindError):
    """Job {job_id} is {status}; only a FAILED job can be retried."""

    job_id: UUID
    status: str


@dataclass(eq=False)
class AnotherJobActive(MovieMindError):
    """Job {job_id} cannot be retried: job {active_job_id} is already active for the same variant."""

    job_id: UUID
    active_job_id: UUID


@dataclass(eq=False)
class NotTheRequester(MovieMindError):
    """Only the requester of job {job_id} or an admin may cancel it, since others may have joined it."""

    job_id: UUID


@dataclass(eq=False)
class DescriptionNotFound(MovieMindError):
    """The film '{slug}' has no description {description_id}."""

    slug: str
    description_id: UUID


@dataclass(eq=False)
class DescriptionIsWithdrawn(MovieMindError):
    """Description {description_id} of '{slug}' has been withdrawn and must not be shown."""

    slug: str
    description_id: UUID


@dataclass(eq=False)
class StaleVersion(MovieMindError):
    """The film '{slug}' is at version {actual}, not at {expected}; read it again and decide on that."""

    slug: str
    expected: str
    actual: int
