"""What the routes are given: the service, who is calling, and checked parameters.

The dependencies are async because FastAPI would send sync ones through its thread pool, one by one.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema

from application.api_keys import Scope
from application.movie_listing import search_words
from domain import slugs
from domain.values import Actor
from interfaces.http.head import may_ask
from interfaces.http.log_tail import LogTail
from interfaces.service import MovieMind


async def _service(request: Request) -> MovieMind:
    service: MovieMind = request.app.state.service
    return service


async def _tail(request: Request) -> LogTail:
    tail: LogTail = request.app.state.tail
    return tail


async def _caller(request: Request) -> Actor:
    """Whoever passed the gate."""
    caller = request.state.caller
    return Actor(caller.id, correlation_id=request.state.request_id, is_admin=caller.scope is Scope.ADMIN)


def _plain(text: str) -> str:
    """Text that means the same on every screen: it goes into histories and terminals."""
    for before, character in pairwise(f" {text}"):
        if unicodedata.category(character) in _UNPRINTABLE:
            raise ValueError("control characters and halves of characters are not allowed")
        if _is_unseen(character, before):
            raise ValueError(f"characters that nobody sees are not allowed, such as U+{ord(character):04X}")
    return text


def _is_unseen(character: str, before: str) -> bool:
    """Joiners are needed in scripts from Arabic on, and in emoji."""
    if character in _JOINERS:
        return before < _FIRST_OF_ARABIC or before in _JOINERS
    return unicodedata.category(character) == "Cf" or character in _BLANKS


def _plain_lines(text: str) -> str:
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(_plain(line) for line in lines)


_DATE = re.compile(r"[0-9]{4}-")
# Control, surrogate, line and paragraph separator.
_UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}
# Format characters (Cf) have no width, turn the direction of writing, or are letters that only programs read;
# and these blanks pass for letters.
_JOINERS = "\u200c\u200d"
_FIRST_OF_ARABIC = "\u0600"
_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"


def _written_as_date(moment: Any) -> Any:
    """A bare number would be taken for seconds since 1970."""
    if isinstance(moment, str) and not _DATE.match(moment):
        raise ValueError("write a moment such as 2026-01-31T12:00:00Z")
    return moment


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("a moment between the years 1 and 9999 in UTC is wanted") from None


def _searchable(text: str) -> str:
    if text and not search_words(text):
        raise ValueError("write at least one letter or digit to search for")
    return text


def refused(parameter: str, why: str) -> RequestValidationError:
    """Of the query of a request."""
    return RequestValidationError([{"type": "value_error", "loc": ("query", parameter), "msg": why}])


async def _may_generate(request: Request) -> bool:
    return may_ask(request) and bool(request.state.caller.scope.holds(Scope.GENERATE))


@dataclass(frozen=True, eq=False)
class Told(AfterValidator):
    """A rule of which the OpenAPI document tells as much as a schema can say."""

    schema: dict[str, Any]

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), **self.schema}


_PRINTABLE = r"[^\u0000-\u001F\u007F-\u009F\u2028\u2029]"

Service = Annotated[MovieMind, Depends(_service)]
Tail = Annotated[LogTail, Depends(_tail)]
Caller = Annotated[Actor, Depends(_caller)]
MayGenerate = Annotated[bool, Depends(_may_generate)]
PLAIN = Told(_plain, {"pattern": f"^{_PRINTABLE}*$"})
PLAIN_LINES = Told(_plain_lines, {"pattern": rf"^({_PRINTABLE}|\r?\n)*$"})
SLUG_SCHEMA = {
    "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$",
    "minLength": slugs.MIN_LENGTH,
    "maxLength": slugs.MAX_LENGTH,
}
Slug = Annotated[str, Path(description="`title-year`, lower case ASCII", json_schema_extra=SLUG_SCHEMA)]
Moment = Annotated[AwareDatetime, BeforeValidator(_written_as_date), AfterValidator(_in_utc)]
Searched = Annotated[str, Query(max_length=200), PLAIN, AfterValidator(_searchable)]
PlainFilter = Annotated[Annotated[str, PLAIN] | None, Query(max_length=255)]
Limit = Annotated[int, Query(ge=1, le=100, description="rows per page")]
Cursor = Annotated[str | None, Query(max_length=200, description="next_cursor of the page before")]
