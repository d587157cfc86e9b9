"""/v1/jobs/{job_id}/events: a job's changes as server-sent events, as they happen."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Depends, Header, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from application.api_keys import Scope
from application.errors import ReadBehind
from application.event_log import Recorded
from application.job_following import FollowedJob
from application.movie_replay import stream_of
from application.read_models import JobRow
from application.reading import catch_up
from interfaces.http import cursors, problems
from interfaces.http.dependencies import Service, Tail
from interfaces.http.jobs import job_row
from interfaces.http.log_tail import LogTail
from interfaces.http.schemas.generation import JobAnswer
from interfaces.http.scopes import needs
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=needs(Scope.READ))

HEARTBEAT_SECONDS = 15.0
BEHIND_SECONDS = 1.0
"""In which the thread that has waited for the history serves others."""
RECONNECT = b"retry: 1000\n\n"
HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would hold events back until it has a page of them
}
PAGE = 500


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


def _last_seen(
    service: Service,
    last_event_id: Annotated[
        str | None, Header(max_length=100, description="the id of the last event that was received")
    ] = None,
) -> int:
    """Its position. What a log had that has been replaced since is not known: all is told again."""
    return cursors.position_in(last_event_id, epoch=service.log_epoch()) if last_event_id else 0


@router.get(
    "/{job_id}/events",
    response_class=EventStream,
    responses={
        200: {"description": "An event `status` for every change, its data as of GET /v1/jobs/{job_id}"},
        204: {"description": "The job has ended, and everything was told before"},
        **problems.declared(400, 404, 422),
    },
)
async def follow_job(
    service: Service,
    tail: Tail,
    row: Annotated[JobRow, Depends(job_row)],
    after: Annotated[int, Depends(_last_seen)],
) -> Response:
    """Every change of a job: what has happened, then what happens, until it is final.

    A client that is cut off goes on where it was, with Last-Event-ID.
    """
    events = _events(row, after, service, tail)
    first = await anext(events, None)  # what goes wrong before it can still be answered with a problem
    if first is None:
        return Response(status_code=204)  # browsers come back to a stream that has ended, and not to this
    return EventStream(_all(first, events), headers=HEADERS)


async def _all(first: bytes, others: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(others):
        yield first
        async for event in others:
            yield event


async def _events(row: JobRow, after: int, service: MovieMind, tail: LogTail) -> AsyncGenerator[bytes]:
    """Nothing at all when everything has been told."""
    job = FollowedJob(row.job_id)
    async with tail.watching() as watch:
        watch.only(row.job_id)
        while (found := await to_thread.run_sync(partial(_past, row.slug, service))) is None:
            yield KEEPALIVE_COMMENT  # a browser does not come back to a stream that it was refused
            await asyncio.sleep(BEHIND_SECONDS)
            if watch.is_over:
                return
        epoch, past = found
        changes = [
            (changed, recorded.position) for recorded in past if (changed := job.hear(recorded)) is not None
        ]
        known = past[-1].position if past else 0
        is_over = bool(changes) and not changes[-1][0].status.is_active
        if is_over and changes[-1][1] <= after:
            return
        yield RECONNECT
        for changed, position in changes:
            if position > after:
                yield _event(changed, position, epoch)
        while not is_over and not watch.is_over:
            heard = await watch.next(HEARTBEAT_SECONDS)
            if heard is None:
                yield KEEPALIVE_COMMENT
            elif heard.position > known and (now := job.hear(heard)) is not None:
                is_over = not now.status.is_active
                if heard.position > after:
                    yield _event(now, heard.position, epoch)


def _past(slug: str, service: MovieMind) -> tuple[str, list[Recorded]] | None:
    """The epoch of the log, and what has happened to a film as far as reading shows it.

    Its stream has the events, its history their positions. That has caught up with all that was committed
    when it is read: what it lacks, the watch, which has begun before, hears. None where it does not catch up.
    """
    try:
        catch_up(service.history, service.log)
    except ReadBehind:
        return None
    up_to = service.jobs.position()
    positions: list[int] = []
    while page := service.history.of(slug, after=positions[-1] if positions else 0, limit=PAGE):
        positions += [row.position for row in page]
    stream = stream_of(slug, generations=service.generations)
    recorded = zip(positions, stream, strict=False)  # either may have grown since the other was read
    return service.log_epoch(), [
        Recorded(position, slug, event) for position, event in recorded if position <= up_to
    ]


def _event(row: JobRow, position: int, epoch: str) -> bytes:
    data = JobAnswer.of(row).model_dump_json(by_alias=True)
    return format_sse_event(data_str=data, event="status", id=cursors.position_text(epoch, position))
