"""The bodies of requests. Unknown fields are refused: a misspelt one would be a wish that nobody heard."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    field_validator,
    model_validator,
)

from application.api_keys import Scope
from application.projections.projection import ViewName
from domain import slugs
from domain.values import ContextTag, FailureType, Locale, Priority, PromotionScope
from interfaces.http.dependencies import PLAIN, PLAIN_LINES, SLUG_SCHEMA, Told

MAX_TEXT_LENGTH = 5_000


def _stripped(text: str) -> str:
    if not text.strip():
        raise ValueError("write more than spaces")
    return text.strip()


def _names_something(text: str) -> str:
    if not any(character.isalnum() for character in text):
        raise ValueError("write at least one letter or digit")
    return text


def _whole(number: Any) -> Any:
    """To JSON, 1999.0 is an integer."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


STRIPPED = AfterValidator(_stripped)
NAMES_SOMETHING = AfterValidator(_names_something)

Slug = Annotated[
    str, Field(max_length=1_000, description="`title-year`, lower case ASCII"), Told(PLAIN.func, SLUG_SCHEMA)
]
Title = Annotated[str, Field(min_length=1, max_length=300), PLAIN, STRIPPED]
Year = Annotated[StrictInt, Field(ge=slugs.FIRST_FILM_YEAR, le=2_200), BeforeValidator(_whole)]
Director = Annotated[
    str,
    Field(min_length=1, max_length=1_000, description="several stand side by side, with commas"),
    PLAIN,
    STRIPPED,
    NAMES_SOMETHING,
]
Genre = Annotated[str, Field(min_length=1, max_length=60), PLAIN, STRIPPED, NAMES_SOMETHING]
Genres = Annotated[list[Genre], Field(max_length=20)]
Styles = Annotated[list[ContextTag], Field(max_length=len(ContextTag))]
Reason = Annotated[str, Field(min_length=1, max_length=500), PLAIN, STRIPPED]


def _as_list(given: Any) -> Any:
    if given is None:
        return []
    return given if isinstance(given, list) else [given]


class GenerateBody(BaseModel):
    """Which film's description is wanted, in which language and styles. Facts help; none is needed."""

    model_config = ConfigDict(extra="forbid")

    slug: Slug
    locale: Locale = Locale.EN_US
    context_tag: Annotated[
        list[ContextTag],
        BeforeValidator(_as_list, json_schema_input_type=ContextTag | Styles | None),
    ] = Field([], max_length=len(ContextTag), description="one style or several; null and [] mean DEFAULT")
    force: StrictBool = Field(False, description="ask for another text although there is one")
    title: Title | None = None
    release_year: Year | None = None
    director: Director | None = None
    genres: Genres = []
    priority: Priority = Priority.INTERACTIVE

    def context_tags(self) -> tuple[ContextTag, ...]:
        """Each style once, in the order given."""
        return tuple(dict.fromkeys(self.context_tag)) or (ContextTag.DEFAULT,)

    def meaning(self) -> str:
        """The same for two bodies that ask for the same."""
        return self.model_copy(update={"context_tag": list(self.context_tags())}).model_dump_json()


class RetryBody(BaseModel):
    """Why a failed job gets new tries."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = "retried by hand"


class RetryFailedBody(BaseModel):
    """Which failed jobs get new tries, and why."""

    model_config = ConfigDict(extra="forbid")

    error_type: FailureType | None = Field(None, description="only jobs that failed so; null means all")
    limit: int = Field(100, ge=1, le=1_000, description="how many at most, the newest requests first")
    cursor: str | None = Field(None, max_length=200, description="next_cursor of the answer before")
    reason: Reason = "retried by hand"


class PauseBody(BaseModel):
    """Why no more jobs are to be started."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason = "paused by hand"


class RebuildBody(BaseModel):
    """Which views are folded anew."""

    model_config = ConfigDict(extra="forbid")

    views: list[ViewName] | None = Field(None, min_length=1, description="null means all")


class KeyBody(BaseModel):
    """Whom a key is for, and what it may do."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100), PLAIN, STRIPPED]
    contact: Annotated[str, Field(min_length=1, max_length=200), PLAIN, STRIPPED] | None = Field(
        None, description="where they can be reached; told to admins, and in no event"
    )
    scope: Scope = Field(Scope.READ, description="`admin` holds `generate`, which holds `read`")


class PromotionBody(BaseModel):
    """Which description is to be shown: for its language and style, or for the film."""

    model_config = ConfigDict(extra="forbid")

    description_id: UUID
    scope: PromotionScope = Field(description="`variant`: its language and style; `film`: the default")


class EditBody(BaseModel):
    """A text that a person wrote, and the description it started from."""

    model_config = ConfigDict(extra="forbid")

    locale: Locale
    context_tag: ContextTag
    text: Annotated[str, Field(max_length=MAX_TEXT_LENGTH, json_schema_extra={"minLength": 1}), PLAIN_LINES]
    based_on: UUID

    @field_validator("text")
    @classmethod
    def _says_something(cls, text: str) -> str:
        if not any(character.isalnum() for character in text):
            raise ValueError("write a text of at least one word; to stop showing one, withdraw it")
        return text.strip()


class WithdrawalBody(BaseModel):
    """Which text must not be shown any more, and why."""

    model_config = ConfigDict(extra="forbid")

    description_id: UUID
    reason: Reason


FACTS = ("title", "release_year", "director", "genres")


class CorrectionBody(BaseModel):
    """The right facts; what is not named stays as it is, null makes it unknown. A film always has a title."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"anyOf": [{"required": [fact]} for fact in FACTS]},
    )

    title: Title = ""
    release_year: Year | None = None
    director: Director | None = None
    genres: Genres | None = None
    reason: Reason

    @model_validator(mode="after")
    def _corrects_something(self) -> "CorrectionBody":
        if not self.changes():
            raise ValueError("name what is to be corrected: title, release_year, director or genres")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were given, as MovieFacts has them."""
        given = {name: getattr(self, name) for name in self.model_fields_set - {"reason"}}
        return given | ({"genres": tuple(given["genres"] or ())} if "genres" in given else {})
