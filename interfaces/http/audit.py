"""/v1/audit: everything that happened to any film, in one order, for followers and auditors."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import AfterValidator

from application.api_keys import Scope
from application.read_models import AuditSearch
from application.reading import catch_up
from domain.events import Event
from interfaces.http import cursors, problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Caller, Limit, Moment, PlainFilter, Service
from interfaces.http.schemas.movies import AuditEntry, AuditPage
from interfaces.http.scopes import needs
from interfaces.http.withdrawn import withdrawn_texts

router = APIRouter(prefix="/v1/audit", tags=["audit"], dependencies=needs(Scope.READ))

NDJSON = "application/x-ndjson"
EVENTS = sorted(kind.__name__ for kind in Event.__subclasses__())


def _known(event: str | None) -> str | None:
    if event is not None and event not in EVENTS:
        raise ValueError(f"there is no such event; there are {', '.join(EVENTS)}")
    return event


@router.get(
    "",
    response_model=AuditPage,
    responses={
        200: {
            "description": "A page of the log; with `Accept: application/x-ndjson`, its entries a line each",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problems.declared(400, 410, 422),
    },
)
def show_audit(
    service: Service,
    caller: Caller,
    request: Request,
    after: Annotated[
        str | None, Query(max_length=100, description="the `position` of the last entry that was received")
    ] = None,
    slug: PlainFilter = None,
    actor: PlainFilter = None,
    event: Annotated[
        str | None,
        Query(description="such as `DescriptionGenerated`", json_schema_extra={"enum": EVENTS}),
        AfterValidator(_known),
    ] = None,
    since: Annotated[Moment | None, Query(description="recorded at or after this moment")] = None,
    limit: Limit = 50,
    accept: Annotated[str, Header()] = "",
) -> Response:
    """Events of all films in the order of the log; complete as of when it was asked.

    Whoever goes on with `after` the last `position` misses nothing, also what happens later. Texts that were
    withdrawn are told to admins alone; to others they are null.
    """
    epoch = service.log_epoch()
    behind = cursors.position_after(after, epoch=epoch) if after else 0
    catch_up(service.history, service.log)
    search = AuditSearch(slug=slug, actor=actor, event=event, since=since)
    rows = service.history.of_all(search, after=behind, limit=limit + 1)
    hidden = withdrawn_texts({row.slug for row in rows}, service, caller)
    items = [AuditEntry.of(row, epoch, hidden=hidden) for row in rows[:limit]]
    following = items[-1].position if len(rows) > limit else None
    url = request.url.include_query_params(after=following)
    headers = {"Link": f'<{url.path}?{url.query}>; rel="next"'} if following else {}
    if NDJSON in accept:
        lines = "".join(f"{entry.model_dump_json(by_alias=True)}\n" for entry in items)
        return Response(lines, media_type=NDJSON, headers=headers)
    return json_answer(AuditPage(items=items, next_cursor=following), headers=headers)
