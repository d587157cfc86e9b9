"""A film's ETag is its visible version: it moves when something that readers see has changed."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header

from application.read_models import MovieRow
from domain.errors import MovieMindError

_STRONG = re.compile(r'"v([1-9][0-9]{0,8})"')


@dataclass(eq=False)
class PreconditionRequired(MovieMindError):
    """Say which version you decided on: send the film's ETag as If-Match, or If-Match: * for any."""


def of(row: MovieRow) -> str:
    return f'"v{row.visible_version}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """RFC 9110, section 13.1.2: any of a list, compared without regard to weakness; `*` is any."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags


async def _required(if_match: Annotated[str | None, Header()] = None) -> Collection[int] | None:
    """RFC 9110, section 13.1.1: versions of which one must be the film's; None for `*`, which is any."""
    if if_match is None:
        raise PreconditionRequired
    return _versions(if_match)


async def _optional(if_match: Annotated[str | None, Header()] = None) -> Collection[int] | None:
    return None if if_match is None else _versions(if_match)


def _versions(if_match: str) -> Collection[int] | None:
    """Weak tags and what is no ETag of ours are no version, so that nothing matches them."""
    if if_match.strip() == "*":
        return None
    tags = (_STRONG.fullmatch(tag.strip()) for tag in if_match.split(","))
    return {int(tag[1]) for tag in tags if tag}


RequiredVersions = Annotated[Collection[int] | None, Depends(_required)]
OptionalVersions = Annotated[Collection[int] | None, Depends(_optional)]
