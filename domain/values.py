"""The words of the domain as values: plain, immutable, comparable.

Events store only plain types (str, int, UUID, datetime, list, dict); these enums are strings, so they
can be stored as they are.
"""

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from slugify import slugify

_PLAIN = re.compile("[A-Za-z0-9 ]*")
_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\uff07", "'"))

MAX_TRIES = 3
"""Attempts a job may start after its request, and again after each retry request."""

MAX_SPARED = 100
"""Attempts of a job that count as no try while its provider is left alone: some eight hours of an outage. A
job that makes the provider fail by itself comes to an end too."""

SPARED_EARLY = 15
"""Of these so many while it is not left alone: a failure is no outage yet, and may be the first of one."""

UNKNOWN_COST_WEIGHS = 5
"""Attempts: what may have been paid for is not repeated as often as what was not."""


class Locale(StrEnum):
    EN_US = "en-US"
    PL_PL = "pl-PL"
    DE_DE = "de-DE"
    FR_FR = "fr-FR"
    ES_ES = "es-ES"

    @property
    def language(self) -> str:
        """Its two letters of ISO 639-1."""
        return self.value[:2]


class ContextTag(StrEnum):
    """The style a description is written in."""

    DEFAULT = "DEFAULT"
    MODERN = "modern"
    CRITICAL = "critical"
    HUMOROUS = "humorous"


class Origin(StrEnum):
    GENERATED = "GENERATED"
    EDITED = "EDITED"


class Priority(StrEnum):
    """Interactive requests are worked on before bulk imports."""

    INTERACTIVE = "interactive"
    BULK = "bulk"


class JobStatus(StrEnum):
    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_active(self) -> bool:
        return self in (JobStatus.PENDING, JobStatus.IN_PROGRESS)


class FailureType(StrEnum):
    AI_API_ERROR = "AI_API_ERROR"
    TIMEOUT = "TIMEOUT"
    RATE_LIMITED = "RATE_LIMITED"
    VALIDATION_ERROR = "VALIDATION_ERROR"
    NOT_FOUND = "NOT_FOUND"
    WORKER_LOST = "WORKER_LOST"
    UNKNOWN_ERROR = "UNKNOWN_ERROR"

    @property
    def is_retryable(self) -> bool:
        """Asking again cannot help when the model does not know the film."""
        return self is not FailureType.NOT_FOUND


class RejectionReason(StrEnum):
    """Why a result was refused although it was paid for."""

    DESCRIPTION_EXISTS = "description-exists"
    NEWER_ATTEMPT = "newer-attempt"
    ATTEMPT_ENDED = "attempt-ended"
    ANOTHER_JOB_RUNNING = "another-job-running"
    CANCELLED = "cancelled"


class PromotionScope(StrEnum):
    VARIANT = "variant"
    FILM = "film"


@dataclass(frozen=True, slots=True)
class Variant:
    """Which language and style a description is in."""

    locale: Locale
    context_tag: ContextTag

    def __str__(self) -> str:
        return f"{self.locale}/{self.context_tag}"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides: an opaque id (key or worker), the request it belongs to, and whether it is an admin."""

    id: str
    correlation_id: str
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure by type; the technical message is for operators and never holds keys or generated text.

    `is_final` where another try cannot help although it could with others of its type; `locks_out` where
    no other job would fare better. `retry_after` is what the provider asked for.
    """

    type: FailureType
    message: str
    technical_message: str = ""
    is_final: bool = False
    locks_out: bool = False
    retry_after: timedelta | None = None

    @property
    def is_retryable(self) -> bool:
        return self.type.is_retryable and not self.is_final


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCall:
    """One call to a paid model: tokens, cost in micro-USD (None = unknown), latency in milliseconds."""

    model: str
    tokens_in: int | None
    tokens_out: int | None
    cost_microusd: int | None
    latency_ms: int
    outcome: str

    def as_payload(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "tokens_in": self.tokens_in,
            "tokens_out": self.tokens_out,
            "cost_microusd": self.cost_microusd,
            "latency_ms": self.latency_ms,
            "outcome": self.outcome,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A written text with what proves how it came to be; hashes are hex SHA-256.

    `prompt_hash` is that of the prompt's files, None for a writer that has none.
    """

    text: str
    ai_model: str
    prompt_version: str
    prompt_hash: str | None
    input_hash: str
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieFacts:
    """What is known of a film. Directors stand in one string, separated by commas."""

    title: str
    release_year: int | None = None
    director: str | None = None
    genres: tuple[str, ...] = ()

    def could_be(self, other: "MovieFacts") -> bool:
        """Whether both mean one film: same year and a director in common, where both name them.

        The title is not compared: two titles that make the same slug are spellings of one title.
        """
        if self.release_year and other.release_year and self.release_year != other.release_year:
            return False
        mine, others = _names(self.director or ""), _names(other.director or "")
        return not mine or not others or bool(mine & others)

    def completed_by(self, other: "MovieFacts") -> "MovieFacts":
        """These facts, with the gaps filled from the other's."""
        return replace(
            self,
            release_year=self.release_year or other.release_year,
            director=self.director or other.director,
            genres=self.genres or other.genres,
        )

    def as_payload(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "release_year": self.release_year,
            "director": self.director,
            "genres": list(self.genres),
        }


def hyphenated(text: str) -> str:
    """Its words in lower case ASCII, joined by hyphens; typewritten and typeset apostrophes are the same."""
    if _PLAIN.fullmatch(text):  # as most are, and all that a search compares is put this way
        return "-".join(text.lower().split())
    return slugify(text.translate(_APOSTROPHES))


def _names(directors: str) -> set[str]:
    return {hyphenated(name) or name.strip().casefold() for name in directors.split(",") if name.strip()}


@dataclass(frozen=True, slots=True)
class Requested:
    """What became of a request for one variant: a new job, the job it joined, or the description there is."""

    job_id: UUID
    variant: Variant
    status: JobStatus
    confidence: float
    description_id: UUID | None
    is_new: bool
