"""/v1/audit/refused: what was paid for and not accepted, attempt by attempt."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from application.api_keys import Scope
from application.reading import catch_up
from application.spending import RefusedSearch
from interfaces.http import place_cursors, problems
from interfaces.http.answers import following_cursor, json_answer, link_next
from interfaces.http.dependencies import Cursor, Limit, Moment, PlainFilter, Service
from interfaces.http.schemas.audit import RefusedEntry, RefusedPage, RefusedTotal
from interfaces.http.scopes import needs

router = APIRouter(prefix="/v1/audit/refused", tags=["audit"], dependencies=needs(Scope.READ))


@router.get("", response_model=RefusedPage, responses=problems.declared(400, 410, 422))
def list_refused(
    service: Service,
    request: Request,
    model: PlainFilter = None,
    since: Annotated[Moment | None, Query(description="recorded at or after this moment")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Attempts that called a paid model and whose text was not accepted, the newest first; complete as of
    when it was asked.

    Of an attempt whose worker was taken for lost and came back, what it told last counts.
    """
    epoch = service.log_epoch()
    before = place_cursors.place(cursor, epoch)
    catch_up(service.spending, service.log)
    search = RefusedSearch(model=model, since=since)
    rows = service.spending.refused(search, before=before, limit=limit + 1)
    total = service.spending.refused_sum(search)
    catch_up(service.history, service.log)
    told = service.history.at([row.position for row in rows[:limit]])
    following = following_cursor(rows, limit, place_cursors.behind(epoch))
    page = RefusedPage(
        total=RefusedTotal.of(total),
        items=[RefusedEntry.of(row, told[row.position], epoch) for row in rows[:limit]],
        next_cursor=following,
    )
    return json_answer(page, headers=link_next(request, following))
