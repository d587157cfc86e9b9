"""GET /v1/movies/{slug} with `version` or `as_of`: a film as it was, from its stream alone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from application.movie_replay import movie_back_then
from domain.errors import DescriptionIsWithdrawn, DescriptionNotFound
from domain.values import Actor, ContextTag, Locale
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Moment, refused
from interfaces.http.schemas.movies import MovieAnswer
from interfaces.service import MovieMind


async def _point(
    version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="the film at this version of its history")
    ] = None,
    as_of: Annotated[Moment | None, Query(description="the film as it was at this moment")] = None,
) -> int | datetime | None:
    if version is not None and as_of is not None:
        raise refused("as_of", "name a version or a moment, not both")
    return version or as_of


Point = Annotated[int | datetime | None, Depends(_point)]


def back_then(
    slug: str,
    point: int | datetime,
    description_id: UUID | None,
    wanted: tuple[Locale, ContextTag] | None,
    service: MovieMind,
    caller: Actor,
) -> Response:
    """A film as it was; nothing is asked for. It has no ETag: a text may be withdrawn from it yet."""
    row = movie_back_then(slug, point, generations=service.generations, shows_withdrawn=caller.is_admin)
    if description_id is None:
        selected = row.current(*wanted) if wanted else row.description(row.default_description_id)
    elif (selected := row.description(description_id)) is None:
        raise DescriptionNotFound(slug, description_id)
    elif selected.is_withdrawn:
        raise DescriptionIsWithdrawn(slug, description_id)
    return json_answer(MovieAnswer.showing(row, selected))
