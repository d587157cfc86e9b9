"""/v1/movies/{slug}/history and /diff: what happened to a film, and what changed by it."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from application.api_keys import Scope
from application.errors import MovieNotFound
from application.movie_diff import diff_movie
from application.reading import catch_up
from domain import slugs
from interfaces.http import cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import Caller, Cursor, Limit, Service, Slug
from interfaces.http.schemas.movies import DiffAnswer, HistoryEntry, HistoryPage
from interfaces.http.scopes import needs
from interfaces.http.withdrawn import withdrawn_texts

router = APIRouter(prefix="/v1/movies", tags=["movies"], dependencies=needs(Scope.READ))

Version = Annotated[int, Query(ge=1, le=2**31 - 1)]


@router.get("/{slug}/history", response_model=HistoryPage, responses=problems.declared(400, 404, 410, 422))
def show_history(
    slug: Slug,
    service: Service,
    caller: Caller,
    request: Request,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Everything that ever happened to a film, oldest first; complete as of when it was asked.

    The text of a description that was withdrawn is told to admins alone; to others it is null.
    """
    slugs.assess(slug, current_year=service.generations.clock().year)
    epoch = service.log_epoch()
    after = cursors.decode(cursor, epoch=epoch) if cursor else 0
    catch_up(service.history, service.log)
    rows = service.history.of(slug, after=after, limit=limit + 1)
    if not rows and not service.history.of(slug, after=0, limit=1):
        raise MovieNotFound(slug)
    following = following_cursor(rows, limit, lambda row: cursors.encode(epoch, row.position))
    hidden = withdrawn_texts({slug}, service, caller)
    entries = [HistoryEntry.of(row, epoch, hidden=hidden) for row in rows[:limit]]
    page = HistoryPage(items=entries, next_cursor=following)
    return json_answer(page, headers=link_next(request, following))


@router.get("/{slug}/diff", response_model=DiffAnswer, responses=problems.declared(400, 404, 422))
def show_diff(
    slug: Slug,
    service: Service,
    from_version: Annotated[Version, Query(alias="from", description="version of the film's stream")] = 1,
    to_version: Annotated[Version | None, Query(alias="to", description="by default the newest")] = None,
) -> Response:
    """What a reader sees changed between two versions of a film; texts word by word.

    The versions are those of the history. Texts that have been withdrawn since are not shown.
    """
    slugs.assess(slug, current_year=service.generations.clock().year)
    return json_answer(
        DiffAnswer.of(diff_movie(slug, from_version, to_version, generations=service.generations))
    )
