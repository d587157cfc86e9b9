"""Every event a film's stream can hold.

Topics are stored names: one that was ever written is read for ever. A field may be added with
`class_version` and an upcaster, an event be renamed with its former topic; CONTRIBUTING.md shows both, and
`tests/golden/` holds every version of every event.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate


class Event(Aggregate.Event):
    """Common to all: who decided (an opaque id), and the request it belongs to."""

    class_version = 1
    actor: str
    correlation_id: str


class MovieRegistered(Event, Aggregate.Created):
    """The stream exists."""

    TOPIC = "movie-generation:MovieRegistered"
    slug: str
    title: str
    release_year: int | None
    director: str | None
    genres: list[str]


class MovieFactsCorrected(Event):
    """Title, year, director or genres were wrong or missing."""

    TOPIC = "movie-generation:MovieFactsCorrected"
    title: str
    release_year: int | None
    director: str | None
    genres: list[str]
    reason: str


class GenerationRequested(Event):
    """A job was accepted."""

    TOPIC = "movie-generation:GenerationRequested"
    job_id: UUID
    requested_slug: str
    locale: str
    context_tag: str
    forced: bool
    priority: str
    confidence: float


class GenerationStarted(Event):
    """An attempt claimed the job, before any money was spent."""

    TOPIC = "movie-generation:GenerationStarted"
    job_id: UUID
    attempt: int
    worker_id: str
    claim_expires_at: datetime


class DescriptionGenerated(Event):
    """The text was accepted; it is now current for its variant."""

    TOPIC = "movie-generation:DescriptionGenerated"
    class_version = 2
    job_id: UUID
    attempt: int
    description_id: UUID
    revision: int
    locale: str
    context_tag: str
    text: str
    origin: str
    ai_model: str
    prompt_version: str
    prompt_hash: str | None
    input_hash: str
    content_hash: str
    becomes_default: bool
    calls: list[dict[str, Any]]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Texts of the first version were put together without a prompt."""
        state["prompt_hash"] = None


class GenerationAttemptFailed(Event):
    """A try ended without a text; without next_attempt_at it was the last. A `spared` one counts as none."""

    TOPIC = "movie-generation:GenerationAttemptFailed"
    class_version = 2
    job_id: UUID
    attempt: int
    failure_type: str
    message: str
    technical_message: str
    next_attempt_at: datetime | None
    spared: bool
    calls: list[dict[str, Any]]

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """In the first version every attempt was a try."""
        state["spared"] = False


class GenerationFailed(Event):
    """Tries exhausted, or not retryable."""

    TOPIC = "movie-generation:GenerationFailed"
    job_id: UUID
    failure_type: str
    message: str
    technical_message: str


class GenerationSatisfied(Event):
    """The job is DONE with a text that another job or attempt made."""

    TOPIC = "movie-generation:GenerationSatisfied"
    job_id: UUID
    description_id: UUID


class GenerationRetryRequested(Event):
    """A failed job has new tries."""

    TOPIC = "movie-generation:GenerationRetryRequested"
    job_id: UUID
    reason: str


class GenerationCancelled(Event):
    """The job is not wanted any more; a late result will be refused."""

    TOPIC = "movie-generation:GenerationCancelled"
    job_id: UUID
    reason: str


class StaleResultRejected(Event):
    """A late result was refused; what it cost is kept."""

    TOPIC = "movie-generation:StaleResultRejected"
    job_id: UUID
    attempt: int
    existing_description_id: UUID | None
    reason: str
    calls: list[dict[str, Any]]


class DescriptionPromoted(Event):
    """A description is now current for its variant, or the default of the film."""

    TOPIC = "movie-generation:DescriptionPromoted"
    description_id: UUID
    previous_description_id: UUID | None
    scope: str


class DescriptionEdited(Event):
    """A person wrote a new revision; it is now current for its variant."""

    TOPIC = "movie-generation:DescriptionEdited"
    description_id: UUID
    revision: int
    locale: str
    context_tag: str
    text: str
    origin: str
    based_on: UUID
    content_hash: str
    becomes_default: bool


class DescriptionWithdrawn(Event):
    """A text must not be shown (wrong, legal); replaced_by takes its places, if there is one."""

    TOPIC = "movie-generation:DescriptionWithdrawn"
    description_id: UUID
    reason: str
    replaced_by: UUID | None


FORMER_TOPICS: dict[str, type[Event]] = {}
"""What events were called before they were renamed; old streams hold them under these topics."""
