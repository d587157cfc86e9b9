"""What is answered of requests and jobs."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from application.commands.request_generation import RequestedGeneration
from application.read_models import JobRow
from domain import slugs
from domain.values import ContextTag, FailureType, JobStatus, Locale, Requested
from interfaces.http.schemas.links import Links, job_path, movie_path


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


class JobsPage(BaseModel):
    items: list[JobAnswer]
    next_cursor: str | None


class Outcome(StrEnum):
    """What a request for a style would come to."""

    WOULD_BE_WRITTEN = "would_be_written"
    IS_BEING_WRITTEN = "is_being_written"
    IS_DESCRIBED = "is_described"


class PreviewedStyle(BaseModel):
    context_tag: ContextTag
    outcome: Outcome
    job_id: UUID | None = Field(description="the job that writes or wrote the text, if there is one")
    description_id: UUID | None


class PreviewAnswer(BaseModel):
    """What a request would come to now; nothing has been accepted."""

    slug: str = Field(description="the film's; another than asked for when that one is another film's")
    locale: Locale
    styles: list[PreviewedStyle]
    calls: int = Field(
        description="texts that would be written, each in one call of the writer if all goes well"
    )
    estimated_cost_microusd: int | None = Field(description="of those calls; null when it is not known")

    @classmethod
    def of(cls, generation: RequestedGeneration, *, cost_per_text_microusd: int | None) -> Self:
        styles = [_previewed(requested) for requested in generation.requested]
        calls = sum(style.outcome is Outcome.WOULD_BE_WRITTEN for style in styles)
        return cls(
            slug=generation.slug,
            locale=generation.requested[0].variant.locale,
            styles=styles,
            calls=calls,
            estimated_cost_microusd=None
            if cost_per_text_microusd is None
            else calls * cost_per_text_microusd,
        )


def _previewed(requested: Requested) -> PreviewedStyle:
    if requested.is_new:
        outcome = Outcome.WOULD_BE_WRITTEN
    elif requested.status is JobStatus.DONE:
        outcome = Outcome.IS_DESCRIBED
    else:
        outcome = Outcome.IS_BEING_WRITTEN
    return PreviewedStyle(
        context_tag=requested.variant.context_tag,
        outcome=outcome,
        job_id=None if requested.is_new else requested.job_id,
        description_id=requested.description_id,
    )


def _message(requested: Requested) -> str:
    if requested.status is JobStatus.DONE:
        return "This film is described in this style already."
    if not requested.status.is_active:
        return "There is no description; the job says why."
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
