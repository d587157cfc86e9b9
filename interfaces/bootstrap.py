"""The composition root: the one place that knows which parts fill which roles."""

import os
import random
import secrets
import socket
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

from application.commands.run_generation import RunGeneration, RunLimits, run_generation
from application.dispatching import Dispatcher
from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from application.projections.history import fold_history
from application.projections.jobs import fold_job
from application.projections.movies import fold_movie
from application.projections.projection import Projection
from application.projector import Projector
from application.worker_watch import WorkerWatch
from infrastructure.queues.embedded import EmbeddedQueue
from infrastructure.settings import Settings
from infrastructure.sqlite import dispatches, event_store, heartbeats, history_view, jobs_view, movies_view
from infrastructure.sqlite.view_store import open_view_store
from infrastructure.writers.template import TemplateWriter
from interfaces.service import MovieMind

_VIEW_SCHEMAS = tuple(
    module.SCHEMA for module in (jobs_view, movies_view, history_view, dispatches, heartbeats)
)
_WAITING_PER_THREAD = 4
_JITTER = 0.2


def build(
    settings: Settings, *, on_append: Callable[[], None] = lambda: None
) -> tuple[MovieMind, EmbeddedQueue]:
    """Put the embedded service together; nothing runs yet. Raises StoreNotUsable, SchemaTooNew."""
    log_epoch = event_store.prepare(settings.event_store_path)
    generations = MovieGenerations(event_store.environment(settings.event_store_path), on_append=on_append)
    log = EventLog(generations)
    views = open_view_store(
        settings.view_store_path, log_epoch=log_epoch, log_head=log.head(), schemas=_VIEW_SCHEMAS
    )
    jobs, movies = jobs_view.SqliteJobsView(views), movies_view.SqliteMoviesView(views)
    history = history_view.SqliteHistoryView(views)
    beats = heartbeats.SqliteHeartbeats(views)
    writer = TemplateWriter(
        latency_seconds=settings.template_latency_ms / 1000, deadline_seconds=settings.ai_deadline_seconds
    )
    worker_id = new_worker_id()
    limits = RunLimits(
        claim=timedelta(seconds=settings.claim_limit_seconds), backoff=lambda: _jittered(settings)
    )

    def run(slug: str, job_id: UUID) -> None:
        command = RunGeneration(slug=slug, job_id=job_id, worker_id=worker_id)
        run_generation(command, generations=generations, writer=writer, limits=limits)

    queue = EmbeddedQueue(run, threads=settings.worker_threads)

    def close() -> None:
        generations.close()
        views.close()

    service = MovieMind(
        generations=generations,
        log=log,
        log_epoch=log_epoch,
        jobs=jobs,
        movies=movies,
        history=history,
        probe_store=partial(event_store.probe, settings.event_store_path),
        projector=Projector(
            log,
            # Jobs last: who sees that a job is DONE finds its text in the other views already.
            [Projection(movies, fold_movie), Projection(history, fold_history), Projection(jobs, fold_job)],
        ),
        dispatcher=Dispatcher(
            dispatches.SqliteDispatches(views),
            queue,
            clock=generations.clock,
            most_waiting=_WAITING_PER_THREAD * settings.worker_threads,
            resend_after=timedelta(seconds=settings.resend_seconds),
        ),
        heartbeats=beats,
        watch=WorkerWatch(
            beats,
            dead_after_seconds=settings.worker_dead_seconds,
            looks_every_seconds=settings.rescue_seconds,
        ),
        worker_id=worker_id,
        cost_per_text_microusd=writer.cost_per_text_microusd,
        close=close,
    )
    return service, queue


def new_worker_id() -> str:
    """Host, process, and a nonce: a worker restarted with the same host name and pid is another worker."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _jittered(settings: Settings) -> list[timedelta]:
    """Waits between tries, each ±20 %, so that jobs that failed together do not come back together."""
    return [
        timedelta(seconds=wait * random.uniform(1 - _JITTER, 1 + _JITTER))
        for wait in settings.retry_backoff_seconds
    ]
