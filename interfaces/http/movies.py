"""/v1/movies."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from application.api_keys import Scope
from application.commands.request_generation import RequestedGeneration, RequestGeneration
from application.errors import NotDescribed
from application.movie_listing import MovieOrder, MovieSearch
from application.rate_limits import RequestKind
from application.read_models import DescriptionRow, MovieRow
from application.reading import catch_up, find
from application.title_slugs import films_titled
from domain import slugs
from domain.errors import DescriptionIsWithdrawn, DescriptionNotFound
from domain.values import Actor, ContextTag, JobStatus, Locale
from interfaces.http import etags, movie_cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import (
    Caller,
    Cursor,
    Limit,
    MayGenerate,
    PlainFilter,
    Searched,
    Service,
    Slug,
)
from interfaces.http.generate import generation_answer
from interfaces.http.metering import Meter, Metered
from interfaces.http.schemas.generation import GenerationAnswer
from interfaces.http.schemas.links import movie_path
from interfaces.http.schemas.movies import MovieAnswer, MovieChoices, MoviesPage, MovieSummary
from interfaces.http.scopes import needs
from interfaces.http.time_travel import Point, back_then
from interfaces.http.waiting import Prefer
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/movies", tags=["movies"], dependencies=needs(Scope.READ))

_USUAL = Locale.EN_US, ContextTag.DEFAULT


@router.get("", response_model=MoviesPage, responses=problems.declared(400, 410, 422))
def list_movies(
    service: Service,
    request: Request,
    slug: PlainFilter = None,
    q: Annotated[
        Searched, Query(description="words that begin a word of title, directors, genres or year")
    ] = "",
    year: Annotated[int | None, Query(ge=1, le=9_999)] = None,
    director: Annotated[Searched, Query(description="words that begin a word of the directors")] = "",
    genre: Annotated[Searched, Query(description="one whole genre")] = "",
    description_id: Annotated[UUID | None, Query(description="the film this description is of")] = None,
    sort: Annotated[
        MovieOrder, Query(description="by when they got their first description, by title or by year")
    ] = MovieOrder.LISTED,
    order: Annotated[Literal["asc", "desc"], Query(description="from the first or from the last")] = "asc",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Described films, in the order that is asked for; complete as of when it was asked.

    Whatever is given must hold; upper and lower case, accents and punctuation make no difference.
    """
    catch_up(service.movies, service.log)
    epoch = service.log_epoch()
    after = movie_cursors.place(cursor, sort, epoch) if cursor else None
    search = MovieSearch(
        slug=slug,
        q=q,
        year=year,
        director=director,
        genre=genre,
        description_id=description_id,
        order=sort,
        is_descending=order == "desc",
    )
    rows = service.movies.list(search, after=after, limit=limit + 1)
    following = following_cursor(rows, limit, lambda row: movie_cursors.behind(row, sort, epoch))
    page = MoviesPage(items=[MovieSummary.of(row) for row in rows[:limit]], next_cursor=following)
    return json_answer(page, headers=link_next(request, following))


@router.get(
    "/{slug}",
    response_model=MovieAnswer | GenerationAnswer,
    responses={
        202: {"model": GenerationAnswer, "description": "Not described yet; a job writes it"},
        300: {"model": MovieChoices, "description": "Several films have this title"},
        304: {"description": "Unchanged since the version of If-None-Match"},
        **problems.declared(400, 404, 410, 422, 429),
    },
)
async def show_movie(
    slug: Slug,
    service: Service,
    caller: Caller,
    may_generate: MayGenerate,
    meter: Metered,
    patience: Prefer,
    locale: Locale | None = None,
    context_tag: ContextTag | None = None,
    description_id: UUID | None = None,
    point: Point = None,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """A film with its descriptions. What is asked for and not there yet is requested: 202, or 404 to whose
    key may only read.

    A slug without a year means the film of that title there is (`Content-Location` names it); of several, 300
    tells which there are.
    """
    assessment = slugs.assess(slug, current_year=service.generations.clock().year)
    if point is not None:
        variant = _wanted(locale, context_tag)
        return await run_in_threadpool(back_then, slug, point, description_id, variant, service, caller)
    if description_id is not None:
        return _shown(*await run_in_threadpool(_by_description, slug, description_id, service), if_none_match)
    films = [] if assessment.release_year else await run_in_threadpool(_titled, slug, service)
    if len(films) > 1:
        return json_answer(MovieChoices.of(films), status=HTTPStatus.MULTIPLE_CHOICES)
    headers = dict(patience.headers)
    for film in films:
        slug = film.slug
        headers["Content-Location"] = movie_path(slug)
        if_none_match = None  # the title may have meant another film when it was sent
    wanted = _wanted(locale, context_tag)
    request = partial(_request, slug, wanted, service, caller, meter) if may_generate else None
    found = await patience.found(partial(_look_up, slug, wanted, service, request))
    if isinstance(found, RequestedGeneration):
        if found.requested[0].status is not JobStatus.DONE:
            return generation_answer(found, headers)
        found = await run_in_threadpool(_just_described, slug, service)
    selected = found.current(*wanted) if wanted else found.description(found.default_description_id)
    return _shown(found, selected, if_none_match, headers)


def _titled(slug: str, service: MovieMind) -> Sequence[MovieRow]:
    """The films that may be meant by a slug without a year."""
    this_year = service.generations.clock().year
    return films_titled(slug, movies=service.movies, log=service.log, this_year=this_year)


def _look_up(
    slug: str,
    wanted: tuple[Locale, ContextTag] | None,
    service: MovieMind,
    request: Callable[[MovieRow | None], RequestedGeneration] | None,
) -> MovieRow | RequestedGeneration:
    """The film with what is wanted, or what became of the `request` for it, if there may be one. Raises
    NotDescribed, DescriptionIsWithdrawn, and what a request raises."""
    row = service.movies.get(slug)
    if row and _is_described(row, wanted):
        return row
    return request(row) if request else _once_caught_up(slug, wanted, service)


def _wanted(locale: Locale | None, context_tag: ContextTag | None) -> tuple[Locale, ContextTag] | None:
    """The variant asked for; None when any description of the film will do."""
    if locale is None and context_tag is None:
        return None
    return locale or _USUAL[0], context_tag or _USUAL[1]


def _is_described(row: MovieRow, wanted: tuple[Locale, ContextTag] | None) -> bool:
    return row.current(*wanted) is not None if wanted else bool(row.shown)


def _once_caught_up(slug: str, wanted: tuple[Locale, ContextTag] | None, service: MovieMind) -> MovieRow:
    """What whoever may only read is shown, or not. Raises NotDescribed, DescriptionIsWithdrawn."""
    catch_up(service.movies, service.log)
    row = service.movies.get(slug)
    if row and _is_described(row, wanted):
        return row
    if row and (withdrawn := row.withdrawn(*wanted or _USUAL)):
        raise DescriptionIsWithdrawn(slug, withdrawn.description_id)
    raise NotDescribed(slug)


def _just_described(slug: str, service: MovieMind) -> MovieRow:
    """The row of a film whose stream has the description already, once the view has it too."""
    catch_up(service.movies, service.log)
    row = service.movies.get(slug)
    assert row is not None, "the view has seen the whole log, and with it this film"
    return row


def _request(
    slug: str,
    wanted: tuple[Locale, ContextTag] | None,
    service: MovieMind,
    caller: Actor,
    meter: Meter,
    row: MovieRow | None,
) -> RequestedGeneration:
    """Raises DescriptionIsWithdrawn: reading must not bring back what somebody has decided not to show. Who
    wants another text instead asks for it by POST. Raises RateLimited: asking is no mere reading."""
    locale, context_tag = wanted or _USUAL
    withdrawn = row.withdrawn(locale, context_tag) if row else None

    def before_new() -> None:
        if withdrawn:
            raise DescriptionIsWithdrawn(slug, withdrawn.description_id)
        meter.spend(RequestKind.GENERATE)

    command = RequestGeneration(slug=slug, by=caller, locale=locale, context_tags=(context_tag,))
    return service.request(command, before_new=before_new)


def _by_description(slug: str, description_id: UUID, service: MovieMind) -> tuple[MovieRow, DescriptionRow]:
    """A film and one of its texts by id. Raises DescriptionNotFound, DescriptionIsWithdrawn."""

    def look_up() -> tuple[MovieRow, DescriptionRow] | None:
        row = service.movies.get(slug)
        description = row.description(description_id) if row else None
        return (row, description) if row and description else None

    found = find(look_up, view=service.movies, log=service.log)
    if found is None:
        raise DescriptionNotFound(slug, description_id)
    if found[1].is_withdrawn:
        raise DescriptionIsWithdrawn(slug, description_id)
    return found


def _shown(
    row: MovieRow,
    selected: DescriptionRow | None,
    if_none_match: str | None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    etag = etags.of(row)
    if etags.matches(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag, **(headers or {})})
    return json_answer(MovieAnswer.showing(row, selected), headers={"ETag": etag, **(headers or {})})
