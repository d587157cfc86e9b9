"""/v1/audit/texts: which texts there are, and how each came to be."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from application.api_keys import Scope
from application.errors import TextNotFound
from application.reading import catch_up, find
from application.text_origin import TextOrigin, text_origin
from application.texts import TextSearch
from domain.values import Locale
from interfaces.http import place_cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import Caller, Cursor, Limit, Moment, PlainFilter, Service
from interfaces.http.schemas.audit import TextAnswer, TextEntry, TextsPage
from interfaces.http.schemas.movies import HistoryEntry
from interfaces.http.scopes import needs
from interfaces.http.withdrawn import withdrawn_texts
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/audit/texts", tags=["audit"], dependencies=needs(Scope.READ))


@router.get("", response_model=TextsPage, responses=problems.declared(400, 410, 422))
def list_texts(
    service: Service,
    request: Request,
    model: PlainFilter = None,
    prompt_version: PlainFilter = None,
    locale: Locale | None = None,
    since: Annotated[Moment | None, Query(description="accepted at or after this moment")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Accepted texts, the newest first, also those that are not shown any more; complete as of when it was
    asked. Whatever is given must hold."""
    epoch = service.log_epoch()
    before = place_cursors.place(cursor, epoch)
    catch_up(service.texts, service.log)
    search = TextSearch(ai_model=model, prompt_version=prompt_version, locale=locale, since=since)
    rows = service.texts.list(search, before=before, limit=limit + 1)
    catch_up(service.movies, service.log)
    movies = {slug: service.movies.get(slug) for slug in {row.slug for row in rows[:limit]}}
    following = following_cursor(rows, limit, place_cursors.behind(epoch))
    page = TextsPage(
        items=[TextEntry.of(row, movies[row.slug]) for row in rows[:limit]], next_cursor=following
    )
    return json_answer(page, headers=link_next(request, following))


@router.get("/{description_id}", response_model=TextAnswer, responses=problems.declared(404, 422))
def show_text(description_id: UUID, service: Service, caller: Caller) -> Response:
    """Who asked for a text, what wrote it at which cost, and what became of it.

    Who asked for it while it was being written, or later, has left no event. The text itself is told to
    admins alone when it was withdrawn; to others it is null.
    """
    row = find(lambda: service.texts.get(description_id), view=service.texts, log=service.log)
    if row is None:
        raise TextNotFound(description_id)
    origin = text_origin(row.slug, description_id, generations=service.generations)
    afterwards = _afterwards(origin, row.position, service, caller)
    return json_answer(TextAnswer.of(origin, afterwards, hides_withdrawn=not caller.is_admin))


def _afterwards(origin: TextOrigin, position: int, service: MovieMind, caller: Caller) -> list[HistoryEntry]:
    """As they stand in the history, which knows their places in the log. Raises ReadBehind."""
    if not origin.afterwards:
        return []
    catch_up(service.history, service.log)
    hidden = withdrawn_texts({origin.slug}, service, caller)
    rows = service.history.of(origin.slug, after=position, limit=origin.afterwards[-1])
    return [
        HistoryEntry.of(row, service.log_epoch(), hidden=hidden)
        for row in rows
        if row.version in origin.afterwards
    ]
