"""What is answered of films: descriptions, history, differences."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from application import narration
from application.movie_diff import MovieDiff
from application.read_models import DescriptionRow, HistoryRow, MovieRow
from domain.values import ContextTag, Locale
from interfaces.http.cursors import position_text
from interfaces.http.schemas.links import Links, movie_path


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


class MovieChoice(BaseModel):
    """A film that may be meant."""

    slug: str
    title: str
    release_year: int | None
    director: str | None
    select_url: str


class MovieChoices(BaseModel):
    """Several films have the title that was named."""

    options: list[MovieChoice]
    count: int
    hint: str = "Several films have this title; ask for one of them by its slug, with the year."

    @classmethod
    def of(cls, rows: Sequence[MovieRow]) -> Self:
        options = [
            MovieChoice(
                slug=row.slug,
                title=row.title,
                release_year=row.release_year,
                director=row.director,
                select_url=movie_path(row.slug),
            )
            for row in rows
        ]
        return cls(options=options, count=len(options))


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
    def of(cls, row: HistoryRow, epoch: str, *, hidden: Collection[str] = ()) -> Self:
        """`hidden` are ids of descriptions whose text is not told."""
        is_hidden = "text" in row.data and row.data["description_id"] in hidden
        return cls(
            position=position_text(epoch, row.position),
            version=row.version,
            event=row.event,
            at=row.at,
            actor=row.actor,
            correlation_id=row.correlation_id,
            data=row.data | {"text": None} if is_hidden else row.data,
            line=narration.line(row.event, row.data),
        )


class AuditEntry(HistoryEntry):
    """One event of any film's stream."""

    slug: str

    @classmethod
    def of(cls, row: HistoryRow, epoch: str, *, hidden: Collection[str] = ()) -> Self:
        return cls(slug=row.slug, **HistoryEntry.of(row, epoch, hidden=hidden).model_dump())


class AuditPage(BaseModel):
    """`next_cursor` is what to send as `after` for the next page, null on the last one for now."""

    items: list[AuditEntry]
    next_cursor: str | None


class MoviesPage(BaseModel):
    items: list[MovieSummary]
    next_cursor: str | None


class HistoryPage(BaseModel):
    items: list[HistoryEntry]
    next_cursor: str | None


class ChangedFact(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    field: Literal["title", "release_year", "director", "genres"]
    before: str | int | list[str] | None
    after: str | int | list[str] | None


class ChangedWords(BaseModel):
    """A run of words that both texts share, or that only one of them has."""

    model_config = ConfigDict(from_attributes=True)

    change: Literal["same", "removed", "added"]
    text: str


class ChangedText(BaseModel):
    """Another description is shown for a language and style; null where none was or is."""

    model_config = ConfigDict(from_attributes=True)

    locale: Locale
    context_tag: ContextTag
    before_id: UUID | None
    after_id: UUID | None
    words: list[ChangedWords]


class DiffAnswer(BaseModel):
    """What a reader sees changed between two versions of a film."""

    slug: str
    from_version: int
    to_version: int
    facts: list[ChangedFact]
    default_before_id: UUID | None
    default_after_id: UUID | None
    texts: list[ChangedText]

    @classmethod
    def of(cls, diff: MovieDiff) -> Self:
        return cls.model_validate(diff, from_attributes=True)
