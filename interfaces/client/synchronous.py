"""The client for programs that wait."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
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


class Client:
    """Safe to use from any number of threads.

    A service that is busy, or has counted too many requests of the key, is asked again as it says; that
    one does not answer is told at once, except to those who wait for a job or follow it already. Methods
    raise ServiceRefused, ServiceUnreachable, NotMovieMind.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        connections: int = 10,
        patience_seconds: float = patience.SECONDS,
        on_wait: Callable[[ServiceRefused | ServiceUnreachable], None] = lambda _: None,
    ) -> None:
        """`key` is for a service that wants one; `connections` are for all but streams, which have their own;
        `on_wait` hears why a request has to wait."""
        options = connecting.options(url, key)
        self._http = httpx.Client(**options, limits=connecting.at_most(connections))
        self._streams = httpx.Client(**options, limits=connecting.UNLIMITED)
        # More requests than connections, and the pool makes room by closing one that another thread has
        # just been given: that thread would wait for an answer until its time-out.
        self._connections = threading.BoundedSemaphore(connections)
        self._patience_seconds = patience_seconds
        self._has_been_answered = False
        self._on_wait = on_wait
        self._stops_waiting = threading.Event()

    def generate(
        self,
        slug: str,
        *,
        context_tag: ContextTag = ContextTag.DEFAULT,
        **wanted: Unpack[Wanted],
    ) -> GenerationAnswer:
        """Ask for a description; with `wait_seconds` (30 at most) for its text as well."""
        answer = self._ask(calls.generate(slug, context_tags=[context_tag], **wanted))
        assert isinstance(answer, GenerationAnswer), "one style was asked for"
        return answer

    def generate_styles(
        self,
        slug: str,
        context_tags: Sequence[ContextTag],
        **wanted: Unpack[Wanted],
    ) -> list[GenerationAnswer]:
        """Ask for descriptions in several styles, which are accepted together; none means DEFAULT."""
        answer = self._ask(calls.generate(slug, context_tags=context_tags, **wanted))
        return answer.jobs if isinstance(answer, GenerationsAnswer) else [answer]

    def job(self, job_id: UUID | str) -> JobAnswer:
        return self._ask(calls.job(job_id))

    def wait(
        self,
        job_id: UUID | str,
        *,
        timeout_seconds: float | None = None,
        on_look: Callable[[JobAnswer], None] = lambda _: None,
    ) -> JobAnswer:
        """The job once it has ended, however it did. Raises JobNotEnded, also where the service was too busy
        to tell. A service that restarts meanwhile is waited for. `on_look` is told how a job stands that has
        not ended."""
        looks = Looks(
            job_id,
            timeout_seconds,
            patience_seconds=self._patience_seconds,
            has_begun=self._has_been_answered,
        )
        while (pause := looks.next_after(job := self._ask(calls.job(job_id), looks))) is not None:
            on_look(job)
            time.sleep(pause)
        return job

    def events(self, job_id: UUID | str, *, after: str | None = None) -> Iterator[JobEvent]:
        """Every change of a job, until it has ended; `after` is the id of the last event that was heard.

        A connection that breaks is made again, and nothing is missed or told twice. Patience begins with the
        break, and anew with the next one.
        """
        following = Following(job_id, after, patience_seconds=self._patience_seconds)
        while not following.is_over:
            pause = RECONNECT_SECONDS
            try:
                yield from self._hear(following)
            except (ServiceRefused, ServiceUnreachable) as failure:
                pause = following.pause_after(failure)
            if not following.is_over:
                time.sleep(pause)

    def movie(self, slug: str, **selected: Unpack[Selected]) -> MovieAnswer | GenerationAnswer | MovieChoices:
        """A film with its descriptions; what has become of the request for it, where it is not described yet
        and the key may ask for it; or the films there are of a title without a year."""
        return self._ask(calls.movie(slug, **selected))

    def movies(self, **filters: Unpack[MovieFilters]) -> Iterator[MovieSummary]:
        """Described films for which all holds that is given, in the order they got their first description
        where no other is asked for."""
        return self._items("/v1/movies", MovieSummary, **filters)

    def jobs(self, **filters: Unpack[JobFilters]) -> Iterator[JobAnswer]:
        """The newest request first."""
        return self._items("/v1/jobs", JobAnswer, **filters)

    def history(self, slug: str) -> Iterator[HistoryEntry]:
        """Every event of a film."""
        return self._items(f"{calls.movie_path(slug)}/history", HistoryEntry)

    def close(self) -> None:
        self._http.close()
        self._streams.close()

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

    def _ask(self, call: Call[T], patience: Patience | None = None) -> T:
        patience = patience or Patience(self._patience_seconds)
        while True:
            try:
                with self._connections, reaching(self._http.base_url):
                    response = self._http.send(call.request(self._http))
                self._has_been_answered = True
                return call.read(response)
            except (ServiceRefused, ServiceUnreachable) as failure:
                pause = patience.pause_after(failure, call)
                self._on_wait(failure)
                if self._stops_waiting.wait(pause):
                    raise

    def _hear(self, following: Following) -> Iterator[JobEvent]:
        """What one connection tells."""
        call = following.call()
        with reaching(self._streams.base_url):
            response = self._streams.send(call.request(self._streams), stream=True)
            try:
                if response.is_error:
                    response.read()
                    call.read(response)
                if following.tells(response):
                    for event in EventSource(response).iter_sse():
                        if (heard := following.hear(event, response)) is not None:
                            yield heard
            finally:
                response.close()
