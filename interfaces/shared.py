"""A service over a store on PostgreSQL, which other processes may use at the same time."""

import threading
from _thread import interrupt_main
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from signal import SIGTERM

import structlog

from infrastructure.choices import PREFIX, Queue
from infrastructure.errors import NeedsPostgres, NeedsSharedQueue
from infrastructure.postgres import schema
from infrastructure.postgres.leader import LeaderLock
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import build_service, open_queue, open_store
from interfaces.http.server import HttpServer
from interfaces.projector import lead
from interfaces.upkeep import upkeep
from interfaces.worker import working

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Who only wants to know how many messages wait does not wait for a queue that hangs."""


@contextmanager
def serving(settings: Settings, server: HttpServer) -> Iterator[tuple[Store, DramatiqQueue]]:
    """Answer requests; others do the work. The queue is for looking at.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew.
    """
    with ExitStack() as stack:
        stack.callback(server.stop)
        store = stack.enter_context(closing(open_store(settings)))
        queue = stack.enter_context(closing(open_queue(settings, store, redis_seconds=LOOK_SECONDS)))
        service = build_service(settings, store, queue)
        stack.enter_context(upkeep(service))
        server.start(service)
        log.info("api.started", url=server.url)
        yield store, queue
        server.stop()


@contextmanager
def shared_service(settings: Settings, *, works: bool) -> Iterator[str]:
    """Serve, and yield the URL; with `works` on, make the tables, work on jobs, and stand by for the lead.

    Raises AddressNotUsable, StoreNotUsable, SchemaMissing, SchemaTooNew, StoreUnavailable.
    """
    if works:
        schema.create(settings.store_address)
    server = HttpServer(settings.host, settings.port)
    with serving(settings, server) as (store, queue), ExitStack() as stack:
        if works:
            if settings.queue_in_use is not Queue.EMBEDDED:  # whose messages no other object sees
                queue = stack.enter_context(closing(open_queue(settings, store)))
            stack.enter_context(_standing_by(settings, store, queue))
            stack.enter_context(working(settings, store, queue))  # ends first: its last texts are folded
        yield server.url


@contextmanager
def _standing_by(settings: Settings, store: Store, queue: DramatiqQueue) -> Iterator[None]:
    """In the end raises what has kept this process from leading, if anything has."""
    ending = threading.Event()
    with LeaderLock(settings.store_address) as lock, ThreadPoolExecutor(1, "leader") as thread:
        candidate = thread.submit(_or_end, partial(lead, settings, store, queue, lock=lock, wait=ending.wait))
        try:
            yield
        finally:
            ending.set()
            candidate.result()


def _or_end(lead: Callable[[], None]) -> None:
    """An error ends the process, as it ends a projector: it would take requests that nobody works on."""
    try:
        lead()
    except Exception:
        log.exception("projector.failed")
        interrupt_main(SIGTERM)  # does nothing where one has arrived already
        raise


def needs_postgres(settings: Settings, command: str) -> Settings:
    """Raises NeedsPostgres."""
    if not settings.is_on_postgres:
        raise NeedsPostgres(command, f"{PREFIX}STORE_URL")
    return settings


def needs_shared_queue(settings: Settings, command: str) -> Settings:
    """Raises NeedsPostgres, NeedsSharedQueue."""
    if needs_postgres(settings, command).queue_in_use is Queue.EMBEDDED:
        raise NeedsSharedQueue(command, f"{PREFIX}QUEUE")
    return settings
