"""The bodies of requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt

from application import narration
from application.commands.request_generation import RequestedGeneration
from application.read_models import DescriptionRow, HistoryRow, JobRow, MovieRow
from domain import slugs
from domain.values import ContextTag, FailureType, JobStatus, Locale, Priority, Requested
from interfaces.http.cursors import position_text
from interfaces.http.dependencies import PLAIN

Links = dict[str, str]


def _as_list(given: Any) -> Any:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


class GenerateBody(BaseModel):
    """Which film's description is wanted, in which language and styles. Facts help; none is needed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"slug": "the-matrix-1999", "context_tag": "modern"}]},
    )

    slug: Annotated[str, Field(max_length=1_000, description="`title-year`, lower case ASCII"), PLAIN]
    locale: Locale = Locale.EN_US
    context_tag: Annotated[
        list[ContextTag],
        BeforeValidator(_as_list, json_schema_input_type=ContextTag | list[ContextTag] | None),
    ] = Field([], max_length=len(ContextTag), description="one style or several; null and [] mean DEFAULT")
    force: StrictBool = Field(False, description="ask for another text although there is one")
    title: Annotated[str, Field(min_length=1, max_length=300), PLAIN] | None = None
    release_year: Annotated[StrictInt, Field(ge=slugs.FIRST_FILM_YEAR, le=2_200)] | None = None
    director: Annotated[str, Field(min_length=1, max_length=1_000), PLAIN] | None = None
    genres: list[Annotated[str, Field(min_length=1, max_length=60), PLAIN]] = Field([], max_length=20)
    priority: Priority = Priority.INTERACTIVE

    def context_tags(self) -> tuple[ContextTag, ...]:
        """Each style once, in the order given."""
        return tuple(dict.fromkeys(self.context_tag)) or (ContextTag.DEFAULT,)


class GenerationAnswer(BaseModel):
    """What became of a request for one style."""

    job_id: UUID
    status: JobStatus
    message: str
    slug: str
    locale: Locale
    context_tag: ContextTag
    confidence: float
    confidence_level: slugs.Level
    existing_id: UUID | None = Field(description="the film's id, if it was described already")
    description_id: UUID | None
    links: Links = Field(alias="_links")

    @classmethod
    def of(cls, generation: RequestedGeneration, requested: Requested) -> Self:
        return cls(
            job_id=requested.job_id,
            status=requested.status,
            message=_message(requested),
            slug=generation.slug,
            locale=requested.variant.locale,
            context_tag=requested.variant.context_tag,
            confidence=requested.confidence,
            confidence_level=slugs.level(requested.confidence),
            existing_id=generation.movie_id if requested.description_id else None,
            description_id=requested.description_id,
            _links={"job": job_path(requested.job_id), "movie": movie_path(generation.slug)},
        )


class GenerationsAnswer(BaseModel):
    """What became of a request for several styles, which were accepted together."""

    job_ids: list[UUID]
    jobs: list[GenerationAnswer]
    slug: str
    locale: Locale
    context_tags: list[ContextTag]
    status: JobStatus = Field(description="DONE when all of them are")
    message: str

    @classmethod
    def of(cls, generation: RequestedGeneration) -> Self:
        jobs = [GenerationAnswer.of(generation, requested) for requested in generation.requested]
        done = sum(job.status is JobStatus.DONE for job in jobs)
        return cls(
            job_ids=[job.job_id for job in jobs],
            jobs=jobs,
            slug=generation.slug,
            locale=jobs[0].locale,
            context_tags=[job.context_tag for job in jobs],
            status=JobStatus.DONE if done == len(jobs) else JobStatus.PENDING,
            message=f"{done} of {len(jobs)} styles are described"
            + ("." if done == len(jobs) else "; follow the jobs for the others."),
        )


class JobError(BaseModel):
    type: FailureType
    message: str
    technical_message: str
    user_message: str


class JobAnswer(BaseModel):
    """Where a job stands."""

    job_id: UUID
    status: JobStatus
    entity: Literal["MOVIE"] = "MOVIE"
    slug: str
    requested_slug: str
    locale: Locale
    context_tag: ContextTag
    confidence: float
    attempts: int = Field(description="attempts started so far, never reset")
    max_attempts: int = Field(description="attempts it may have before it fails, unless retried")
    next_attempt_at: datetime | None
    description_id: UUID | None
    error: JobError | None = Field(description="what ended the last attempt, until the next one starts")
    created_at: datetime
    updated_at: datetime
    links: Links = Field(alias="_links")

    @classmethod
    def of(cls, row: JobRow) -> Self:
        return cls(
            job_id=row.job_id,
            status=row.status,
            slug=row.slug,
            requested_slug=row.requested_slug,
            locale=Locale(row.locale),
            context_tag=ContextTag(row.context_tag),
            confidence=row.confidence,
            attempts=row.attempts,
            max_attempts=row.max_attempts,
            next_attempt_at=row.next_attempt_at,
            description_id=row.description_id,
            error=_job_error(row),
            created_at=row.created_at,
            updated_at=row.updated_at,
            _links={"self": job_path(row.job_id), "movie": movie_path(row.slug)},
        )


class DescriptionAnswer(BaseModel):
    """An accepted text."""

    id: UUID
    locale: Locale
    context_tag: ContextTag
    revision: int = Field(description="the nth text of this language and style")
    text: str
    origin: Literal["GENERATED", "EDITED"]
    ai_model: str | None
    prompt_version: str | None
    is_current: bool = Field(description="whether it is the one shown for its language and style")
    created_at: datetime

    @classmethod
    def of(cls, row: DescriptionRow) -> Self:
        return cls.model_validate(
            {
                "id": row.description_id,
                **{name: getattr(row, name) for name in cls.model_fields if name != "id"},
            }
        )


class MovieSummary(BaseModel):
    """A film as it stands in a listing."""

    id: UUID
    slug: str
    title: str
    release_year: int | None
    director: str | None
    genres: list[str]
    default_description_id: UUID | None
    descriptions_count: int
    default_description: DescriptionAnswer | None
    version: int = Field(description="moves when something a reader sees has changed; the ETag")
    created_at: datetime
    updated_at: datetime
    links: Links = Field(alias="_links")

    @classmethod
    def of(cls, row: MovieRow, **more: Any) -> Self:
        default = row.description(row.default_description_id)
        return cls(
            id=row.movie_id,
            slug=row.slug,
            title=row.title,
            release_year=row.release_year,
            director=row.director,
            genres=list(row.genres),
            default_description_id=row.default_description_id,
            descriptions_count=len(row.shown),
            default_description=DescriptionAnswer.of(default) if default else None,
            version=row.visible_version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            _links={"self": movie_path(row.slug), "history": f"{movie_path(row.slug)}/history"},
            **more,
        )


class MovieAnswer(MovieSummary):
    """A film with all its descriptions, and the one that was asked for."""

    descriptions: list[DescriptionAnswer]
    selected_description: DescriptionAnswer | None

    @classmethod
    def showing(cls, row: MovieRow, selected: DescriptionRow | None) -> Self:
        return cls.of(
            row,
            descriptions=[DescriptionAnswer.of(description) for description in row.shown],
            selected_description=DescriptionAnswer.of(selected) if selected else None,
        )


class HistoryEntry(BaseModel):
    """One event of a film's stream."""

    position: str = Field(description="place in the log of all films, `epoch.position`")
    version: int = Field(description="place in the film's stream, from 1")
    event: str
    at: datetime
    actor: str
    correlation_id: str
    data: dict[str, Any]
    line: str = Field(description="the event in plain language")

    @classmethod
    def of(cls, row: HistoryRow, epoch: str) -> Self:
        return cls(
            position=position_text(epoch, row.position),
            version=row.version,
            event=row.event,
            at=row.at,
            actor=row.actor,
            correlation_id=row.correlation_id,
            data=row.data,
            line=narration.line(row.event, row.data),
        )


class JobsPage(BaseModel):
    items: list[JobAnswer]
    next_cursor: str | None


class MoviesPage(BaseModel):
    items: list[MovieSummary]
    next_cursor: str | None


class HistoryPage(BaseModel):
    items: list[HistoryEntry]
    next_cursor: str | None


class RetryBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500), PLAIN] = "retried by hand"


def job_path(job_id: UUID) -> str:
    return f"/v1/jobs/{job_id}"


def movie_path(slug: str) -> str:
    return f"/v1/movies/{slug}"


def _message(requested: Requested) -> str:
    if requested.status is JobStatus.DONE:
        return "This film is described in this style already."
    if requested.is_new:
        return "The description is being written; follow the job."
    return "The description was asked for already; follow the job."


def _job_error(row: JobRow) -> JobError | None:
    if row.failure_type is None:
        return None
    failure = FailureType(row.failure_type)
    return JobError(
        type=failure,
        message=row.failure_message or "",
        technical_message=row.failure_technical_message or "",
        user_message=_USER_MESSAGES[failure],
    )


_USER_MESSAGES = {
    FailureType.AI_API_ERROR: "The writing service has a problem at the moment.",
    FailureType.TIMEOUT: "Writing the description took too long.",
    FailureType.RATE_LIMITED: "The writing service is busy at the moment.",
    FailureType.VALIDATION_ERROR: "The text that was written was not good enough.",
    FailureType.NOT_FOUND: "The writer does not know this film; check its title and year.",
    FailureType.WORKER_LOST: "Writing the description was interrupted.",
    FailureType.UNKNOWN_ERROR: "Writing the description failed.",
}
