"""Clients of both kinds, for tests that are run with each, and what they may be told."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx

from interfaces.client import AsyncClient, Client

T = TypeVar("T")

JOB_ID = "5f0e9a52-7d09-4b0e-8d3c-000000000001"
JOB: dict[str, Any] = {
    "job_id": JOB_ID,
    "status": "DONE",
    "slug": "heat-1995",
    "requested_slug": "heat-1995",
    "locale": "en-US",
    "context_tag": "DEFAULT",
    "confidence": 0.9,
    "attempts": 1,
    "max_attempts": 3,
    "next_attempt_at": None,
    "description_id": None,
    "error": None,
    "created_at": "2026-01-31T12:00:00Z",
    "updated_at": "2026-01-31T12:00:01Z",
    "_links": {},
}


class Waiting:
    """An AsyncClient for those who wait: calls end before they return, and iterators do not want `async`."""

    def __init__(self, url: str, **more: Any) -> None:
        self.client = AsyncClient(url, **more)  # first: it may refuse, and the loop would be left open
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            called = getattr(self.client, name)(*arguments, **more)
            return self._iterated(called) if hasattr(called, "__anext__") else self._run(called)

        return call

    def close(self) -> None:
        self._run(self.client.close())
        self._loop.close()

    def _run(self, call: Any) -> Any:
        return self._loop.run_until_complete(call)

    def _iterated(self, items: AsyncGenerator[T]) -> Iterator[T]:
        try:
            while True:
                yield self._run(anext(items))
        except StopAsyncIteration:
            return
        finally:
            self._run(items.aclose())


KINDS = {"sync": Client, "async": Waiting}
Connect = Callable[..., Any]


@contextmanager
def connecting(kind: str) -> Iterator[Connect]:
    """What makes clients of this kind, and closes them."""
    opened = []

    def connect(url: object, **more: Any) -> Any:
        opened.append(KINDS[kind](str(url), **more))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


def answered_by(answer: Callable[[httpx.Request], httpx.Response], client: T) -> T:
    """The client, whose requests go no further than to `answer`."""
    inner: Any = client.client if isinstance(client, Waiting) else client
    for http in (inner._http, inner._streams):
        http._transport = httpx.MockTransport(answer)
    return client


class Clock:
    """Time that passes when somebody waits, and else as it is told to."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
