"""The client for programs that wait."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar, Unpack
from uuid import UUID

import httpx
from httpx_sse import EventSource
from pydantic import BaseModel

from domain.values import ContextTag, Locale
from interfaces.client import calls, patience
from interfaces.client.calls import Call, Wanted
from interfaces.client.errors import ServiceRefused, ServiceUnreachable
from interfaces.client.events import RECONNECT_SECONDS, Following, JobEvent
from interfaces.client.patience import Looks, Patience
from interfaces.http.schemas.generation import GenerationAnswer, GenerationsAnswer, JobAnswer
from interfaces.http.schemas.movies import HistoryEntry, MovieAnswer, MovieChoices, MovieSummary

T = TypeVar("T")
Item = TypeVar("Item", bound=BaseModel)

TIMEOUT_SECONDS = 35.0
"""Above the 30 s that a request may wait for its texts, and the 15 s between signs of life of a stream."""


class Client:
    """Safe to use from any number of threads.

    A service that is busy, or has counted too many requests of the key, is asked again as it says. Methods
    raise ServiceRefused, ServiceUnreachable, NotMovieMind.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        connections: int = 10,
        patience_seconds: float = patience.SECONDS,
        on_wait: Callable[[ServiceRefused], None] = lambda _: None,
    ) -> None:
        """`key` is for a service that wants one; `on_wait` hears why a request has to wait."""
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx.Client(
            base_url=url,
            timeout=TIMEOUT_SECONDS,
            limits=limits,
            trust_env=False,
            headers={"X-API-Key": key} if key else None,
        )
        # More requests than connections, and the pool makes room by closing one that another thread has
        # just been given: that thread would wait for an answer until its time-out.
        self._connections = threading.BoundedSemaphore(connections)
        self._patience_seconds = patience_seconds
        self._on_wait = on_wait
        self._stops_waiting = threading.Event()

    def generate(
        self,
        slug: str,
        *,
        context_tag: ContextTag = ContextTag.DEFAULT,
        wait_seconds: int = 0,
        idempotency_key: str | None = None,
        **wanted: Unpack[Wanted],
    ) -> GenerationAnswer:
        """Ask for a description; with `wait_seconds` (30 at most) for its text as well."""
        answer = self._ask(
            calls.generate(
                slug,
                context_tags=[context_tag],
                wait_seconds=wait_seconds,
                idempotency_key=idempotency_key,
                **wanted,
            )
        )
        assert isinstance(answer, GenerationAnswer), "one style was asked for"
        return answer

    def generate_styles(
        self,
        slug: str,
        context_tags: Sequence[ContextTag],
        *,
        wait_seconds: int = 0,
        **wanted: Unpack[Wanted],
    ) -> list[GenerationAnswer]:
        """Ask for descriptions in several styles, which are accepted together; none means DEFAULT."""
        answer = self._ask(
            calls.generate(slug, context_tags=context_tags, wait_seconds=wait_seconds, **wanted)
        )
        return answer.jobs if isinstance(answer, GenerationsAnswer) else [answer]

    def job(self, job_id: UUID | str) -> JobAnswer:
        return self._ask(calls.job(job_id))

    def wait(self, job_id: UUID | str, *, timeout_seconds: float | None = None) -> JobAnswer:
        """The job once it has ended, however it did. Raises JobNotEnded."""
        looks = Looks(job_id, timeout_seconds)
        while (pause := looks.pause_after(job := self.job(job_id))) is not None:
            time.sleep(pause)
        return job

    def events(self, job_id: UUID | str, *, after: str | None = None) -> Iterator[JobEvent]:
        """Every change of a job, until it has ended; `after` is the id of the last event that was heard.

        A connection that breaks is made again, and nothing is missed or told twice.
        """
        following, patience = Following(job_id, after), Patience(self._patience_seconds)
        while not following.is_over:
            try:
                for event in self._hear(following):
                    patience.renew()
                    yield event
                pause = RECONNECT_SECONDS
            except ServiceUnreachable as failure:
                if not following.has_begun:
                    raise
                patience.bear(failure)
                pause = RECONNECT_SECONDS
            except ServiceRefused as refusal:
                pause = patience.pause_after(refusal, following.call())
            if not following.is_over:
                time.sleep(pause)

    def movie(
        self,
        slug: str,
        *,
        locale: Locale | None = None,
        context_tag: ContextTag | None = None,
        description_id: UUID | str | None = None,
        version: int | None = None,
        as_of: str | None = None,
        wait_seconds: int = 0,
    ) -> MovieAnswer | GenerationAnswer | MovieChoices:
        """A film with its descriptions; what has become of the request for it, where it is not described yet
        and the key may ask for it; or the films there are of a title without a year."""
        return self._ask(
            calls.movie(
                slug,
                wait_seconds=wait_seconds,
                locale=locale,
                context_tag=context_tag,
                description_id=description_id,
                version=version,
                as_of=as_of,
            )
        )

    def movies(self, **search: Any) -> Iterator[MovieSummary]:
        """Described films, found by `q`, `year`, `director`, `genre`, `slug` or `description_id`."""
        return self._items("/v1/movies", MovieSummary, **search)

    def jobs(self, **filters: Any) -> Iterator[JobAnswer]:
        """The newest request first; `status`, `slug`, `since`."""
        return self._items("/v1/jobs", JobAnswer, **filters)

    def history(self, slug: str) -> Iterator[HistoryEntry]:
        """Every event of a film."""
        return self._items(f"/v1/movies/{calls.segment(slug)}/history", HistoryEntry)

    def close(self) -> None:
        self._http.close()

    def stop_waiting(self) -> None:
        """Let requests that wait for a service that is busy end now, with its refusal."""
        self._stops_waiting.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _items(self, path: str, of: type[Item], **filters: Any) -> Iterator[Item]:
        """All of a listing, page by page."""
        cursor = None
        while True:
            page = self._ask(calls.page(path, of, cursor=cursor, **filters))
            yield from page.items
            if (cursor := page.next_cursor) is None:
                return

    def _ask(self, call: Call[T]) -> T:
        patience = Patience(self._patience_seconds)
        while True:
            try:
                with self._connections, self._reaching():
                    response = self._http.send(call.request(self._http))
                return call.read(response)
            except ServiceRefused as refusal:
                pause = patience.pause_after(refusal, call)
                self._on_wait(refusal)
                if self._stops_waiting.wait(pause):
                    raise

    def _hear(self, following: Following) -> Iterator[JobEvent]:
        """What one connection tells."""
        call = following.call()
        with self._connections, self._reaching():
            response = self._http.send(call.request(self._http), stream=True)
            try:
                if response.is_error:
                    response.read()
                    call.read(response)
                if following.tells(response):
                    heard = map(following.hear, EventSource(response).iter_sse())
                    yield from (event for event in heard if event is not None)
            finally:
                response.close()

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise ServiceUnreachable(str(self._http.base_url), str(error)) from error
