"""The client for asyncio: what `Client` has for asking and reading."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Any, Self, TypeVar, Unpack
from uuid import UUID

import httpx
from httpx_sse import EventSource
from pydantic import BaseModel

from domain.values import ContextTag
from interfaces.client import calls, connecting, patience
from interfaces.client.calls import Call, JobFilters, MovieFilters, Selected, Wanted
from interfaces.client.connecting import reaching
from interfaces.client.errors import ServiceRefused, ServiceUnreachable
from interfaces.client.events import Following, JobEvent
from interfaces.client.patience import RECONNECT_SECONDS, Looks, Patience
from interfaces.http.schemas.generation import GenerationAnswer, GenerationsAnswer, JobAnswer
from interfaces.http.schemas.movies import HistoryEntry, MovieAnswer, MovieChoices, MovieSummary

T = TypeVar("T")
Item = TypeVar("Item", bound=BaseModel)


class AsyncClient:
    """For one event loop, and any number of tasks. Its methods are those of Client."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        connections: int = 100,
        patience_seconds: float = patience.SECONDS,
    ) -> None:
        options = connecting.options(url, key)
        self._http = httpx.AsyncClient(**options, limits=connecting.at_most(connections))
        self._streams = httpx.AsyncClient(**options, limits=connecting.UNLIMITED)
        self._patience_seconds = patience_seconds
        self._has_been_answered = False

    async def generate(
        self,
        slug: str,
        *,
        context_tag: ContextTag = ContextTag.DEFAULT,
        **wanted: Unpack[Wanted],
    ) -> GenerationAnswer:
        answer = await self._ask(calls.generate(slug, context_tags=[context_tag], **wanted))
        assert isinstance(answer, GenerationAnswer), "one style was asked for"
        return answer

    async def generate_styles(
        self,
        slug: str,
        context_tags: Sequence[ContextTag],
        **wanted: Unpack[Wanted],
    ) -> list[GenerationAnswer]:
        answer = await self._ask(calls.generate(slug, context_tags=context_tags, **wanted))
        return answer.jobs if isinstance(answer, GenerationsAnswer) else [answer]

    async def job(self, job_id: UUID | str) -> JobAnswer:
        return await self._ask(calls.job(job_id))

    async def wait(
        self,
        job_id: UUID | str,
        *,
        timeout_seconds: float | None = None,
        on_look: Callable[[JobAnswer], None] = lambda _: None,
    ) -> JobAnswer:
        looks = Looks(
            job_id,
            timeout_seconds,
            patience_seconds=self._patience_seconds,
            has_begun=self._has_been_answered,
        )
        while (pause := looks.next_after(job := await self._ask(calls.job(job_id), looks))) is not None:
            on_look(job)
            await asyncio.sleep(pause)
        return job

    async def events(self, job_id: UUID | str, *, after: str | None = None) -> AsyncGenerator[JobEvent]:
        following = Following(job_id, after, patience_seconds=self._patience_seconds)
        while not following.is_over:
            pause = RECONNECT_SECONDS
            try:
                async with aclosing(self._hear(following)) as heard:
                    async for event in heard:
                        yield event
            except (ServiceRefused, ServiceUnreachable) as failure:
                pause = following.pause_after(failure)
            if not following.is_over:
                await asyncio.sleep(pause)

    async def movie(
        self, slug: str, **selected: Unpack[Selected]
    ) -> MovieAnswer | GenerationAnswer | MovieChoices:
        return await self._ask(calls.movie(slug, **selected))

    def movies(self, **filters: Unpack[MovieFilters]) -> AsyncGenerator[MovieSummary]:
        return self._items("/v1/movies", MovieSummary, **filters)

    def jobs(self, **filters: Unpack[JobFilters]) -> AsyncGenerator[JobAnswer]:
        return self._items("/v1/jobs", JobAnswer, **filters)

    def history(self, slug: str) -> AsyncGenerator[HistoryEntry]:
        return self._items(f"{calls.movie_path(slug)}/history", HistoryEntry)

    async def close(self) -> None:
        await self._http.aclose()
        await self._streams.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _items(self, path: str, of: type[Item], **filters: Any) -> AsyncGenerator[Item]:
        cursor = None
        while True:
            page = await self._ask(calls.page(path, of, cursor=cursor, **filters))
            for item in page.items:
                yield item
            if (cursor := page.next_cursor) is None:
                return

    async def _ask(self, call: Call[T], patience: Patience | None = None) -> T:
        patience = patience or Patience(self._patience_seconds)
        while True:
            try:
                with reaching(self._http.base_url):
                    response = await self._http.send(call.request(self._http))
                self._has_been_answered = True
                return call.read(response)
            except (ServiceRefused, ServiceUnreachable) as failure:
                await asyncio.sleep(patience.pause_after(failure, call))

    async def _hear(self, following: Following) -> AsyncGenerator[JobEvent]:
        call = following.call()
        with reaching(self._streams.base_url):
            response = await self._streams.send(call.request(self._streams), stream=True)
            try:
                if response.is_error:
                    await response.aread()
                    call.read(response)
                if following.tells(response):
                    async with aclosing(EventSource(response).aiter_sse()) as told:
                        async for event in told:
                            if (heard := following.hear(event, response)) is not None:
                                yield heard
            finally:
                await response.aclose()
