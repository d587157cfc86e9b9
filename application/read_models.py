"""The rows of jobs, films and histories, and what their views are asked.

Rows are named tuples: a fold of the whole log makes several of each event, and a frozen dataclass takes ten
times as long to make from another one.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from application.movie_listing import MoviePlace, MovieSearch
from application.view import View
from domain.errors import JobNotFound
from domain.values import FailureType, JobStatus


class JobRow(NamedTuple):
    """A job as its requester follows it. `position` is that of its request in the log."""

    job_id: UUID
    slug: str
    requested_slug: str
    locale: str
    context_tag: str
    status: JobStatus
    confidence: float
    forced: bool
    priority: str
    requested_by: str
    attempts: int
    max_attempts: int
    next_attempt_at: datetime | None
    worker_id: str | None
    claim_expires_at: datetime | None
    description_id: UUID | None
    failure_type: str | None
    failure_message: str | None
    failure_technical_message: str | None
    created_at: datetime
    updated_at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptionRow:
    """An accepted text. A withdrawn one keeps its place, without the text."""

    description_id: UUID
    locale: str
    context_tag: str
    revision: int
    text: str
    origin: str
    ai_model: str | None
    prompt_version: str | None
    is_current: bool
    is_withdrawn: bool
    created_at: datetime


class MovieRow(NamedTuple):
    """A film with all its descriptions, oldest first.

    `visible_version` is the stream version of the last event that changed what a reader sees;
    `listed_position` is the log position of the first description, None while there is none.
    """

    movie_id: UUID
    slug: str
    title: str
    release_year: int | None
    director: str | None
    genres: tuple[str, ...]
    default_description_id: UUID | None
    descriptions: tuple[DescriptionRow, ...]
    visible_version: int
    listed_position: int | None
    created_at: datetime
    updated_at: datetime

    @property
    def shown(self) -> tuple[DescriptionRow, ...]:
        return tuple(description for description in self.descriptions if not description.is_withdrawn)

    def description(self, description_id: UUID | None) -> DescriptionRow | None:
        return next((d for d in self.descriptions if d.description_id == description_id), None)

    def withdrawn(self, locale: str, context_tag: str) -> DescriptionRow | None:
        """The newest text of a variant that must not be shown."""
        gone = [
            d
            for d in self.descriptions
            if d.is_withdrawn and (d.locale, d.context_tag) == (locale, context_tag)
        ]
        return gone[-1] if gone else None

    def current(self, locale: str, context_tag: str) -> DescriptionRow | None:
        """The description shown for a variant."""
        return next(
            (d for d in self.shown if d.is_current and (d.locale, d.context_tag) == (locale, context_tag)),
            None,
        )


class HistoryRow(NamedTuple):
    """One event of a film's stream; `data` holds its own fields as plain JSON values."""

    position: int
    slug: str
    version: int
    event: str
    at: datetime
    actor: str
    correlation_id: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenClaim:
    job_id: UUID
    slug: str
    attempt: int
    worker_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`oldest_due_at` is since when the longest waiting due job has been waiting."""

    by_status: dict[JobStatus, int]
    oldest_due_at: datetime | None

    def oldest_wait_seconds(self, now: datetime) -> float | None:
        """Of the longest waiting due job; None when none waits."""
        return None if self.oldest_due_at is None else round((now - self.oldest_due_at).total_seconds(), 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSearch:
    """What jobs are looked for; everything given must hold. `since` is when they were requested."""

    status: JobStatus | None = None
    slug: str | None = None
    since: datetime | None = None
    failure_type: FailureType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSearch:
    """What events are looked for; everything given must hold. `since` is when they were recorded."""

    slug: str | None = None
    actor: str | None = None
    event: str | None = None
    since: datetime | None = None


class JobsView(View[UUID, JobRow]):
    name = "jobs"
    version = 1

    @abstractmethod
    def get(self, job_id: UUID) -> JobRow | None: ...

    @abstractmethod
    def list(self, search: JobSearch, *, before: int | None, limit: int) -> Sequence[JobRow]:
        """Newest request first; `before` is the position the last page ended at."""

    @abstractmethod
    def failures_by_type(self) -> dict[FailureType, int]:
        """How many jobs have failed for good, by the type of their last failure."""

    @abstractmethod
    def open_claims(self) -> Sequence[OpenClaim]: ...

    @abstractmethod
    def counts(self, now: datetime) -> JobCounts: ...

    def slug_of(self, job_id: UUID) -> str:
        """Raises JobNotFound."""
        row = self.get(job_id)
        if row is None:
            raise JobNotFound(job_id)
        return row.slug


class MoviesView(View[str, MovieRow]):
    name = "movies"
    version = 1

    @abstractmethod
    def get(self, slug: str) -> MovieRow | None: ...

    @abstractmethod
    def list(self, search: MovieSearch, *, after: MoviePlace | None, limit: int) -> Sequence[MovieRow]:
        """Films that have a description, behind a place in the order of the search, or from the first."""

    @abstractmethod
    def between(self, first: str, last: str, *, limit: int) -> Sequence[MovieRow]:
        """All films whose slug stands between two texts in ASCII order, described or not, in that order."""


class HistoryView(View[int, HistoryRow]):
    """Its keys are positions."""

    name = "history"
    version = 2

    @abstractmethod
    def of(self, slug: str, *, after: int, limit: int) -> Sequence[HistoryRow]:
        """A film's events behind a position, oldest first."""

    @abstractmethod
    def of_all(self, search: AuditSearch, *, after: int, limit: int) -> Sequence[HistoryRow]:
        """Events of all films behind a position, in the order of the log."""
