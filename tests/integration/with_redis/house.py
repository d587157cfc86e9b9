"""A store with Redis beside it, driven step by step, and a line to Redis that can be cut."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

import redis

from application.commands.request_generation import (
    RequestedGeneration,
    RequestGeneration,
    request_generation,
)
from application.in_flight import request_once
from application.projections.projection import all_projections
from application.projector import Projector
from application.read_models import JobRow
from application.reading import FRESHNESS_LOOK_SECONDS, Freshness
from domain.events import Event
from domain.values import Draft, Failure, FailureType, Requested
from infrastructure.redis.cached_jobs import CachedJobsView
from infrastructure.redis.client import connect
from infrastructure.redis.in_flight import RedisInFlightTokens
from infrastructure.redis.optional import SOCKET_SECONDS, OptionalRedis
from infrastructure.redis.status_cache import RedisStatusCache
from infrastructure.sqlite.store import open_sqlite_store
from tests.support.core import CALL, CLAIM_LIMIT, CLIENT, SLUG
from tests.support.servers import Redis

T = TypeVar("T")

LEASE_SECONDS = 0.3


class Line(OptionalRedis):
    """A line to Redis that a test cuts, or on which questions get no answer and arrive late."""

    def __init__(self, client: redis.Redis) -> None:
        super().__init__(client, instead="the store answers", rest_seconds=0.05)
        self.client = client
        self.is_cut = False
        self.is_slow = False
        self._on_the_way: list[Callable[[redis.Redis], Any]] = []

    def ask(self, question: Callable[[redis.Redis], T]) -> T | None:
        if self.is_slow:
            self._on_the_way.append(question)
        return None if self.is_cut or self.is_slow else super().ask(question)

    def deliver(self) -> None:
        """What was on the way arrives."""
        self.is_slow = False
        for question in self._on_the_way:
            question(self.client)
        self._on_the_way.clear()


class Process:
    """What one process has of its own: its line to Redis, tokens, and the cached view.

    `now` is the time by which it judges whether its views are fresh.
    """

    def __init__(self, house: "House", *, epoch: str | None = None) -> None:
        self.line = Line(house.connect())
        store = house.store
        log_epoch = store.log_epoch if epoch is None else lambda: epoch
        self.tokens = RedisInFlightTokens(self.line, log_epoch=log_epoch)
        self.cache = RedisStatusCache(self.line, log_epoch=log_epoch, lease_seconds=LEASE_SECONDS)
        self.jobs = CachedJobsView(store.jobs, self.cache, self.tokens, clock=store.generations.clock)
        self.now = 0.0
        self.freshness = Freshness([store.movies, self.jobs], store.log, clock=lambda: self.now)
        self._store = store
        projections = all_projections(
            movies=store.movies,
            history=store.history,
            spending=store.spending,
            throughput=store.throughput,
            texts=store.texts,
            jobs=self.jobs,
        )
        self._projector = Projector(store.log, projections)

    def ask(self, slug: str = SLUG, **more: Any) -> RequestedGeneration:
        command = RequestGeneration(slug=slug, by=more.pop("by", CLIENT), **more)
        return request_once(
            command,
            generations=self._store.generations,
            tokens=self.tokens,
            jobs=self.jobs,
            movies=self._store.movies,
            freshness=self.freshness,
        )

    def job(self, slug: str = SLUG, **more: Any) -> Requested:
        (requested,) = self.ask(slug, **more).requested
        return requested

    def follow(self) -> None:
        """Fold all there is; by then it is time to look again how fresh the views are."""
        while self._projector.step():
            pass
        self.now += FRESHNESS_LOOK_SECONDS


class House(Process):
    """The store, and a first process that does everything."""

    def __init__(self, directory: Path, server: Redis) -> None:
        self._closed_at_the_end = ExitStack()
        self.server = server
        self.store = open_sqlite_store(
            directory / "moviemind.db", directory / "moviemind-views.db", on_append=lambda: None
        )
        self._closed_at_the_end.callback(self.store.close)
        self.loads: list[UUID] = []
        self._count_loads()
        super().__init__(self)

    def connect(self) -> redis.Redis:
        client = connect(self.server.url, timeout_seconds=SOCKET_SECONDS)
        self._closed_at_the_end.callback(client.close)
        return client

    def another_process(self, **more: Any) -> Process:
        return Process(self, **more)

    def ask_the_store(self, slug: str = SLUG, **more: Any) -> RequestedGeneration:
        command = RequestGeneration(slug=slug, by=CLIENT, **more)
        return request_generation(command, generations=self.store.generations)

    def keys(self, part: str = "in-flight") -> dict[str, str]:
        """What stands in Redis under names with this part."""
        with self.server.client() as client:
            return {key: client.get(key) for key in client.keys(f"*{part}*")}

    def start(self, job_id: UUID, *, slug: str = SLUG) -> int:
        attempt = self.store.generations.decide(
            slug, lambda movie: movie.start(job_id, worker_id="worker", limit=CLAIM_LIMIT), by=CLIENT
        )
        assert attempt is not None
        return attempt

    def complete(self, job_id: UUID, *, slug: str = SLUG) -> None:
        attempt = self.start(job_id, slug=slug)
        draft = Draft(
            text="Text.",
            ai_model="fake",
            prompt_version="1",
            prompt_hash=None,
            input_hash="i",
            content_hash="c",
        )
        self.store.generations.decide(
            slug,
            lambda movie: movie.complete(job_id, attempt, draft, (CALL,), description_id=uuid4()),
            by=CLIENT,
        )

    def fail(self, job_id: UUID, *, slug: str = SLUG) -> None:
        """For good: the writer does not know the film."""
        attempt = self.start(job_id, slug=slug)
        failure = Failure(FailureType.NOT_FOUND, "Not known.")
        self.store.generations.decide(
            slug,
            lambda movie: movie.fail(job_id, attempt, failure, (), backoff=[timedelta()]),
            by=CLIENT,
        )

    def retry(self, job_id: UUID, *, slug: str = SLUG) -> None:
        self.store.generations.decide(slug, lambda movie: movie.retry(job_id, reason="again"), by=CLIENT)

    def cancel(self, job_id: UUID, *, slug: str = SLUG) -> None:
        self.store.generations.decide(slug, lambda movie: movie.cancel(job_id, reason="no"), by=CLIENT)

    def of(self, kind: type[Event]) -> list[Event]:
        return [one.event for one in self.store.log.after(0, limit=10_000) if isinstance(one.event, kind)]

    def row(self, job_id: UUID) -> JobRow | None:
        """As the view itself has it."""
        return self.store.jobs.get(job_id)

    @contextmanager
    def not_loading(self) -> Iterator[None]:
        """Nothing in the block may read a stream."""
        before = len(self.loads)
        yield
        assert len(self.loads) == before, "a stream was read"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closed_at_the_end.close()

    def _count_loads(self) -> None:
        recorder = self.store.generations.recorder
        select = recorder.select_events

        def counted(originator_id: UUID, **more: Any) -> Any:
            self.loads.append(originator_id)
            return select(originator_id, **more)

        recorder.select_events = counted  # type: ignore[method-assign, assignment]
