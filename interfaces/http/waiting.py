"""Prefer: wait=N (RFC 7240): a request is answered when its jobs have ended, or as late as it says."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Header
from fastapi.concurrency import run_in_threadpool

from application.commands.request_generation import RequestedGeneration
from application.job_following import ended_by, job_of
from domain.values import JobStatus
from interfaces.http.dependencies import Tail
from interfaces.http.log_tail import LogTail, Watch

T = TypeVar("T")

MOST_SECONDS = 30

_WAIT = re.compile(r'wait ?= ?"?([0-9]{1,9})"?(?: ?;.*)?', re.IGNORECASE)

Ended = dict[UUID, tuple[JobStatus, UUID | None]]


class Patience:
    """`seconds` is 0 for a client that does not wait."""

    def __init__(self, seconds: int, tail: LogTail) -> None:
        self._seconds = seconds
        self._tail = tail

    @property
    def headers(self) -> dict[str, str]:
        return {"Preference-Applied": f"wait={self._seconds}"} if self._seconds else {}

    async def found(self, ask: Callable[[], T]) -> T | RequestedGeneration:
        """What `ask` finds, in a thread; of a request, with what became of its jobs in the time there is.

        Waiting holds no thread.
        """
        if not self._seconds:
            return await run_in_threadpool(ask)
        async with self._tail.watching() as watch:  # before asking: no end comes unheard
            found = await run_in_threadpool(ask)
            if isinstance(found, RequestedGeneration):
                return _as_ended(found, await self._ends(found, watch))
            return found

    async def _ends(self, generation: RequestedGeneration, watch: Watch) -> Ended:
        active = {requested.job_id for requested in generation.requested if requested.status.is_active}
        watch.only(*active)
        ended: Ended = {}
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._seconds
        while active - ended.keys() and (heard := await watch.next(deadline - clock())):
            job_id, end = job_of(heard.event), ended_by(heard.event)
            if job_id is not None and end is not None:
                ended[job_id] = end
        return ended


async def _patience(
    tail: Tail,
    prefer: Annotated[
        str | None,
        Header(description=f"`wait=N`: wait for the result, up to N seconds, {MOST_SECONDS} at most"),
    ] = None,
) -> Patience:
    """A preference that cannot be understood is not applied; that is what a preference is."""
    found = (_WAIT.fullmatch(one.strip()) for one in (prefer or "").split(","))
    seconds = next((int(match[1]) for match in found if match), 0)
    return Patience(min(seconds, MOST_SECONDS), tail)


Prefer = Annotated[Patience, Depends(_patience)]


def _as_ended(generation: RequestedGeneration, ended: Ended) -> RequestedGeneration:
    requested = tuple(
        replace(one, status=ended[one.job_id][0], description_id=ended[one.job_id][1])
        if one.job_id in ended
        else one
        for one in generation.requested
    )
    return replace(generation, requested=requested)
