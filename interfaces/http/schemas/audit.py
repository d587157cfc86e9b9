"""What auditors are answered: where texts come from, and what was paid for those that were refused."""

from collections.abc import Collection
from datetime import datetime
from typing import Literal, Self, TypedDict
from uuid import UUID

from pydantic import BaseModel, Field

from application.read_models import HistoryRow, MovieRow
from application.spending import RefusedSum, SpendingRow
from application.text_origin import Attempt, TextOrigin
from application.texts import TextRow
from domain.events import DescriptionGenerated
from domain.values import ContextTag, Locale, Origin
from interfaces.http.cursors import position_text
from interfaces.http.schemas.links import Links, job_path, movie_path, text_path
from interfaces.http.schemas.movies import HistoryEntry


class TextEntry(BaseModel):
    """An accepted text as it stands in a listing; what it says is not told here."""

    description_id: UUID
    slug: str
    locale: Locale
    context_tag: ContextTag
    revision: int = Field(description="the nth text of this language and style")
    origin: Origin
    job_id: UUID | None = Field(description="null for a text of a person")
    ai_model: str | None
    prompt_version: str | None
    prompt_hash: str | None
    actor: str = Field(description="the worker that wrote it, or the person")
    version: int = Field(description="place of its event in the film's stream")
    at: datetime = Field(description="when it was accepted")
    is_current: bool = Field(description="whether it is shown for its language and style now")
    is_withdrawn: bool
    links: Links = Field(alias="_links")

    @classmethod
    def of(cls, row: TextRow, movie: MovieRow | None) -> Self:
        """`movie` is the film now."""
        now = movie.description(row.description_id) if movie else None
        return cls(
            **{name: getattr(row, name) for name in cls.model_fields if name in row._fields},
            is_current=now is not None and now.is_current and not now.is_withdrawn,
            is_withdrawn=now is not None and now.is_withdrawn,
            _links={"self": text_path(row.description_id), "movie": movie_path(row.slug)},
        )


class TextsPage(BaseModel):
    """The newest text first."""

    items: list[TextEntry]
    next_cursor: str | None


class PaidAnswer(BaseModel):
    """What calls of a paid model took."""

    calls: int
    tokens_in: int = Field(description="as far as they are known, as is the cost")
    tokens_out: int
    cost_microusd: int | None = Field(
        description="millionths of a US dollar; null when the cost of no call is known", examples=[210]
    )
    unknown_cost_calls: int = Field(description="calls whose cost is not known, and in no sum")


class AttemptAnswer(PaidAnswer):
    """A try of a job, and what it paid for."""

    attempt: int
    worker_id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Literal["accepted", "refused", "failed"] | None = Field(
        description="null while nothing was recorded of its end"
    )
    reason: str | None = Field(
        description="the type of its failure, or why its late text was refused", examples=["TIMEOUT"]
    )
    message: str | None
    model: str | None = Field(description="of a paid call; null where none was made")

    @classmethod
    def of(cls, one: Attempt) -> Self:
        return cls(
            attempt=one.attempt,
            worker_id=one.worker_id,
            started_at=one.started_at,
            ended_at=one.ended_at,
            outcome=one.outcome,
            reason=one.reason,
            message=one.message,
            model=one.spent.model if one.spent else None,
            **_paid([one.spent] if one.spent else []),
        )


class RequestAnswer(BaseModel):
    """Who asked, and for what."""

    job_id: UUID
    requested_by: str = Field(description="the id of a key, or `local`; no name")
    requested_at: datetime
    correlation_id: str = Field(description="the X-Request-ID of the request")
    requested_slug: str
    forced: bool = Field(description="another text was wanted although there was one")
    priority: str
    version: int


class RetryAnswer(BaseModel):
    """Who asked for new tries of the failed job."""

    requested_by: str
    requested_at: datetime
    correlation_id: str
    reason: str
    version: int


class TextAnswer(BaseModel):
    """How a text came to be, and what became of it."""

    description_id: UUID
    slug: str
    locale: Locale
    context_tag: ContextTag
    revision: int
    origin: Origin
    text: str | None = Field(description="null when it was withdrawn, but to admins")
    content_hash: str = Field(description="SHA-256 of the text")
    accepted_at: datetime
    actor: str = Field(description="the worker that wrote it, or the person")
    correlation_id: str = Field(description="the job, or the X-Request-ID of the person's request")
    version: int = Field(description="place of its event in the film's stream")
    is_current: bool = Field(description="whether it is shown for its language and style now")
    is_default: bool = Field(description="whether the film shows it when asked for none in particular")
    is_withdrawn: bool
    based_on: UUID | None = Field(description="the text a person started from")
    attempt: int | None = Field(description="the one that wrote it")
    ai_model: str | None
    prompt_version: str | None
    prompt_hash: str | None = Field(description="SHA-256 of the prompt's wording")
    input_hash: str | None = Field(description="SHA-256 of everything it was made from")
    request: RequestAnswer | None = Field(description="null for a text of a person, as all of its job")
    retries: list[RetryAnswer]
    attempts: list[AttemptAnswer] = Field(description="all of the job, also those after the text")
    cost: PaidAnswer = Field(description="of all attempts")
    afterwards: list[HistoryEntry] = Field(
        description="what happened to it: promoted, edited, withdrawn, another in its place, another job or"
        " late text that it came before"
    )
    links: Links = Field(alias="_links")

    @classmethod
    def of(cls, origin: TextOrigin, afterwards: list[HistoryEntry], *, hides_withdrawn: bool) -> Self:
        accepted, movie = origin.accepted, origin.movie
        now = movie.description(accepted.description_id)
        assert now is not None, "a film keeps the place of every text"
        by_model = accepted if isinstance(accepted, DescriptionGenerated) else None
        links = {"movie": movie_path(origin.slug), "history": f"{movie_path(origin.slug)}/history"}
        return cls(
            description_id=accepted.description_id,
            slug=origin.slug,
            locale=Locale(accepted.locale),
            context_tag=ContextTag(accepted.context_tag),
            revision=accepted.revision,
            origin=Origin(accepted.origin),
            text=None if now.is_withdrawn and hides_withdrawn else accepted.text,
            content_hash=accepted.content_hash,
            accepted_at=accepted.timestamp,
            actor=accepted.actor,
            correlation_id=accepted.correlation_id,
            version=accepted.originator_version,
            is_current=now.is_current and not now.is_withdrawn,
            is_default=movie.default_description_id == now.description_id,
            is_withdrawn=now.is_withdrawn,
            based_on=None if isinstance(accepted, DescriptionGenerated) else accepted.based_on,
            attempt=by_model.attempt if by_model else None,
            ai_model=by_model.ai_model if by_model else None,
            prompt_version=by_model.prompt_version if by_model else None,
            prompt_hash=by_model.prompt_hash if by_model else None,
            input_hash=by_model.input_hash if by_model else None,
            request=_request(origin),
            retries=_retries(origin),
            attempts=[AttemptAnswer.of(one) for one in origin.attempts],
            cost=PaidAnswer(**_paid([one.spent for one in origin.attempts if one.spent])),
            afterwards=afterwards,
            _links=links | ({"job": job_path(by_model.job_id)} if by_model else {}),
        )


class RefusedEntry(PaidAnswer):
    """An attempt that was paid for and whose text was not accepted."""

    position: str = Field(description="of the event that says so, `epoch.position`")
    at: datetime
    event: Literal["GenerationAttemptFailed", "StaleResultRejected"]
    reason: str = Field(
        description="the type of the failure, or why the late text was refused", examples=["VALIDATION_ERROR"]
    )
    slug: str
    locale: Locale
    context_tag: ContextTag
    job_id: UUID
    attempt: int
    requested_by: str
    model: str
    outcome: str = Field(description="what the writer made of the answer")

    @classmethod
    def of(cls, row: SpendingRow, told: HistoryRow, epoch: str) -> Self:
        """`told` is the event at the row's position."""
        return cls.model_validate(
            {
                **row._asdict(),
                **_paid([row]),
                "position": position_text(epoch, row.position),
                "event": told.event,
                "reason": told.data["failure_type"] if "failure_type" in told.data else told.data["reason"],
            }
        )


class RefusedTotal(PaidAnswer):
    """What all of them took, also those on other pages."""

    attempts: int

    @classmethod
    def of(cls, total: RefusedSum) -> Self:
        return cls(
            attempts=total.attempts,
            calls=total.calls,
            tokens_in=total.tokens_in,
            tokens_out=total.tokens_out,
            cost_microusd=_known_cost(total.cost_microusd, total.calls, total.unknown_cost_calls),
            unknown_cost_calls=total.unknown_cost_calls,
        )


class RefusedPage(BaseModel):
    """The newest first."""

    total: RefusedTotal
    items: list[RefusedEntry]
    next_cursor: str | None


class _Paid(TypedDict):
    """The fields of a PaidAnswer."""

    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int | None
    unknown_cost_calls: int


def _paid(rows: Collection[SpendingRow]) -> _Paid:
    calls, unknown = sum(row.calls for row in rows), sum(row.unknown_cost_calls for row in rows)
    return {
        "calls": calls,
        "tokens_in": sum(row.tokens_in for row in rows),
        "tokens_out": sum(row.tokens_out for row in rows),
        "cost_microusd": _known_cost(sum(row.cost_microusd for row in rows), calls, unknown),
        "unknown_cost_calls": unknown,
    }


def _known_cost(sum_microusd: int, calls: int, unknown: int) -> int | None:
    """What cost nothing is told from that of which no cost is known."""
    return None if calls and calls == unknown else sum_microusd


def _request(origin: TextOrigin) -> RequestAnswer | None:
    asked = origin.request
    if asked is None:
        return None
    return RequestAnswer(
        job_id=asked.job_id,
        requested_by=asked.actor,
        requested_at=asked.timestamp,
        correlation_id=asked.correlation_id,
        requested_slug=asked.requested_slug,
        forced=asked.forced,
        priority=asked.priority,
        version=asked.originator_version,
    )


def _retries(origin: TextOrigin) -> list[RetryAnswer]:
    return [
        RetryAnswer(
            requested_by=asked.actor,
            requested_at=asked.timestamp,
            correlation_id=asked.correlation_id,
            reason=asked.reason,
            version=asked.originator_version,
        )
        for asked in origin.retries
    ]
