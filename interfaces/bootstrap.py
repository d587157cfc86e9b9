"""The composition root: the one place that knows which parts fill which roles."""

import hmac
import os
import random
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from application.admission import Admission
from application.api_keys import Caller, KeyRing, Scope
from application.commands.request_generation import BudgetCheck, Request, request_generation
from application.commands.run_generation import RunGeneration, RunLimits, run_generation
from application.dispatching import Dispatcher
from application.errors import QueueUnavailable
from application.gate_status import Opening
from application.in_flight import request_once
from application.kept_answers import KeptAnswers
from application.ports import DescriptionWriter, JobQueue
from application.projections.projection import Projection, all_projections
from application.projector import Projector
from application.rate_limits import ProcessRateLimits, RateLimits, RequestKind
from application.read_models import JobsView
from application.reading import Freshness
from application.tallies import Tallies, request_and_count
from application.view import View
from application.worker_watch import Worker, WorkerWatch
from infrastructure.choices import Auth, Queue
from infrastructure.postgres.store import open_postgres_store
from infrastructure.queues.database import DatabaseQueue
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from infrastructure.queues.embedded import EmbeddedQueue
from infrastructure.queues.redis import SOCKET_SECONDS, RedisQueue
from infrastructure.redis.cached_jobs import CachedJobsView
from infrastructure.redis.client import connect
from infrastructure.redis.in_flight import RedisInFlightTokens
from infrastructure.redis.optional import SOCKET_SECONDS as OPTIONAL_SECONDS
from infrastructure.redis.optional import OptionalRedis
from infrastructure.redis.persistence import read_persistence
from infrastructure.redis.rate_limits import RedisRateLimits
from infrastructure.redis.status_cache import RedisStatusCache
from infrastructure.settings import Settings
from infrastructure.sqlite.store import open_sqlite_store
from infrastructure.store import Store
from interfaces.rebuild_processes import RebuildProcesses
from interfaces.service import MovieMind, RedisState
from interfaces.writers import build_gate, cost_per_text, is_paid

LOCAL_CALLER, BOOTSTRAP_CALLER = "local", "bootstrap-admin"

_JITTER = 0.2


def open_store(settings: Settings, *, on_append: Callable[[], None] = lambda: None) -> Store:
    """`on_append` is for who follows a store of this process alone.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew.
    """
    if settings.is_on_postgres:
        return open_postgres_store(settings.store_address)
    return open_sqlite_store(settings.event_store_path, settings.view_store_path, on_append=on_append)


def open_store_beside(settings: Settings) -> Store:
    """One that a service may be using, whatever the version of its views. Nothing in it is taken to another.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew.
    """
    if settings.is_on_postgres:
        return open_postgres_store(settings.store_address, folds=False)
    return open_sqlite_store(
        settings.event_store_path, settings.view_store_path, on_append=lambda: None, is_alone=False
    )


def open_queue(settings: Settings, store: Store, *, redis_seconds: float = SOCKET_SECONDS) -> DramatiqQueue:
    """Connects when it is first used. Redis is given up after `redis_seconds`. Raises StoreUnavailable."""
    match settings.queue_in_use:
        case Queue.EMBEDDED:
            return EmbeddedQueue()
        case Queue.DATABASE:
            return DatabaseQueue(settings.store_address, epoch=store.log_epoch())
        case Queue.REDIS:
            return RedisQueue(
                connect(settings.redis_address, timeout_seconds=redis_seconds),
                namespace=f"moviemind:{store.installation}",
            )


def build_service(settings: Settings, store: Store, queue: JobQueue) -> MovieMind:
    """What answers requests."""
    gate = build_gate(settings, store) if is_paid(settings) else None
    check_budgets = gate.check_budgets if gate else lambda _: None
    jobs, request = _answering(settings, store, check_budgets)
    tallies = Tallies(store.tallies, clock=store.generations.clock)
    keys = KeyRing(store.keys, clock=store.generations.clock)

    def live_workers() -> list[Worker]:
        return list(store.heartbeats.seen_within(settings.worker_dead_seconds))

    return MovieMind(
        generations=store.generations,
        log=store.log,
        log_epoch=store.log_epoch,
        request=partial(request_and_count, request=request, tallies=tallies),
        check_budgets=check_budgets,
        gate=gate,
        jobs=jobs,
        movies=store.movies,
        history=store.history,
        spending=store.spending,
        throughput=store.throughput,
        rebuilds=store.rebuilds,
        rebuild_processes=RebuildProcesses(settings.as_environment()),
        texts=store.texts,
        switch=store.switch,
        tallies=tallies,
        queue=queue,
        queue_driver=settings.queue_in_use,
        redis_state=_redis_state(settings),
        probe_store=store.probe,
        live_workers=live_workers,
        cost_per_text_microusd=cost_per_text(settings),
        keys=keys,
        answers=KeptAnswers(store.answers, clock=store.generations.clock),
        caller_with=_callers(settings, keys),
        rate_limits=_rate_limits(settings, store),
        request_threads=store.connections,
        cors_origins=settings.cors_origins,
    )


def build_projector(store: Store, *, jobs: JobsView | None = None) -> Projector:
    """`jobs` is the store's view of them with something beside it."""
    return Projector(store.log, projections_of(store, jobs=jobs))


def projections_of(store: Store, *, jobs: JobsView | None = None) -> list[Projection[Any, Any]]:
    return all_projections(
        movies=store.movies,
        history=store.history,
        spending=store.spending,
        throughput=store.throughput,
        texts=store.texts,
        jobs=jobs or store.jobs,
    )


def build_cached_jobs(settings: Settings, store: Store) -> CachedJobsView | None:
    """The jobs view as it is folded where there is a Redis."""
    return _short_cuts(settings, store)[0] if settings.redis_address else None


def build_swap_guard(
    settings: Settings, store: Store
) -> Callable[[View[Any, Any]], AbstractContextManager[None]]:
    """What a rebuild does around a swap: rows of jobs that the cache holds are not taken for those of now."""
    cached_jobs = build_cached_jobs(settings, store)

    def guard(view: View[Any, Any]) -> AbstractContextManager[None]:
        return cached_jobs.replaced() if cached_jobs and view.name == cached_jobs.name else nullcontext()

    return guard


def build_dispatcher(settings: Settings, store: Store, queue: JobQueue) -> Dispatcher:
    def threads() -> int:
        """Of all live workers; those of one that is about to start while there are none."""
        live = store.heartbeats.seen_within(settings.worker_dead_seconds)
        return sum(worker.threads for worker in live) or settings.worker_threads

    return Dispatcher(
        store.dispatches,
        queue,
        store.switch,
        clock=store.generations.clock,
        opening=build_gate(settings, store).opening if is_paid(settings) else Opening,
        threads=threads,
        resend_after=timedelta(seconds=settings.resend_seconds),
    )


def build_watch(settings: Settings, store: Store) -> WorkerWatch:
    return WorkerWatch(
        store.heartbeats,
        dead_after_seconds=settings.worker_dead_seconds,
        looks_every_seconds=settings.rescue_seconds,
    )


def build_run(
    settings: Settings,
    store: Store,
    writer: DescriptionWriter,
    *,
    worker_id: str,
    stopping: threading.Event,
) -> Callable[[str, UUID], None]:
    """What a worker's thread does with a message."""
    limits = RunLimits(
        claim=timedelta(seconds=settings.claim_limit_seconds),
        patience=timedelta(seconds=settings.resend_seconds),
        backoff=lambda: _jittered(settings),
    )

    admission = Admission(store.switch, build_gate(settings, store), store.dispatches, stopping.wait)

    def run(slug: str, job_id: UUID) -> None:
        command = RunGeneration(slug=slug, job_id=job_id, worker_id=worker_id)
        run_generation(
            command,
            generations=store.generations,
            writer=writer,
            limits=limits,
            admission=admission,
            is_stopping=stopping.is_set,
        )

    return run


def _callers(settings: Settings, keys: KeyRing) -> Callable[[str | None], Caller | None]:
    if settings.auth_in_use is Auth.OFF:
        return lambda _key: Caller(LOCAL_CALLER, Scope.ADMIN)
    assert settings.bootstrap_admin_key is not None, "settings are refused without it"
    bootstrap = settings.bootstrap_admin_key.get_secret_value().encode()

    def caller_with(key: str | None) -> Caller | None:
        if key is None:
            return None
        is_bootstrap = hmac.compare_digest(key.encode(), bootstrap)
        return Caller(BOOTSTRAP_CALLER, Scope.ADMIN) if is_bootstrap else keys.caller_with(key)

    return caller_with


def _rate_limits(settings: Settings, store: Store) -> RateLimits | None:
    if settings.auth_in_use is Auth.OFF:
        return None
    per_minute = {
        RequestKind.GENERATE: settings.rate_limit_generate,
        RequestKind.READ: settings.rate_limit_read,
    }
    if not settings.redis_address:
        return ProcessRateLimits(per_minute)
    client = connect(settings.redis_address, timeout_seconds=OPTIONAL_SECONDS)
    return RedisRateLimits(per_minute, client, namespace=f"moviemind:{store.installation}")


def new_worker_id() -> str:
    """Host, process, and a nonce: a worker restarted with the same host name and pid is another worker."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _answering(settings: Settings, store: Store, check_budgets: BudgetCheck) -> tuple[JobsView, Request]:
    """What jobs are read from, and what takes requests."""
    if not settings.redis_address:
        return store.jobs, partial(
            request_generation, generations=store.generations, check_budgets=check_budgets
        )
    jobs, tokens = _short_cuts(settings, store)
    return jobs, partial(
        request_once,
        generations=store.generations,
        tokens=tokens,
        jobs=jobs,
        movies=store.movies,
        freshness=Freshness([store.movies, jobs], store.log),
        check_budgets=check_budgets,
    )


def _short_cuts(settings: Settings, store: Store) -> tuple[CachedJobsView, RedisInFlightTokens]:
    client = connect(settings.redis_address, timeout_seconds=OPTIONAL_SECONDS)
    server = OptionalRedis(client, instead="the store and its views answer")
    tokens = RedisInFlightTokens(server, log_epoch=store.log_epoch)
    cache = RedisStatusCache(server, log_epoch=store.log_epoch)
    return CachedJobsView(store.jobs, cache, tokens, clock=store.generations.clock), tokens


def _redis_state(settings: Settings) -> Callable[[], RedisState | None]:
    if not settings.redis_address:
        return lambda: None
    client = connect(settings.redis_address, timeout_seconds=OPTIONAL_SECONDS)

    def redis_state() -> RedisState:
        try:
            facts = read_persistence(client)
        except QueueUnavailable:
            return RedisState(answers=False)
        return RedisState(
            answers=True,
            appendonly=facts.appendonly,
            maxmemory_policy=facts.maxmemory_policy,
            last_writes_ok=facts.last_write_ok and facts.last_bgsave_ok and facts.last_rewrite_ok,
        )

    return redis_state


def _jittered(settings: Settings) -> list[timedelta]:
    """Waits between tries, each ±20 %, so that jobs that failed together do not come back together."""
    return [
        timedelta(seconds=wait * random.uniform(1 - _JITTER, 1 + _JITTER))
        for wait in settings.retry_backoff_seconds
    ]
