"""A service over a store on PostgreSQL, which other processes may use at the same time."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial

import structlog

from infrastructure.errors import NeedsPostgres, NeedsSharedQueue
from infrastructure.postgres import schema
from infrastructure.postgres.leader import LeaderLock
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from infrastructure.settings import PREFIX, Queue, Settings
from infrastructure.store import Store
from interfaces.bootstrap import build_service, open_queue, open_store
from interfaces.http.app import create_app
from interfaces.http.server import HttpServer
from interfaces.projector import lead
from interfaces.worker import working

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""Who only wants to know how many messages wait does not wait for a queue that hangs."""


@contextmanager
def serving(settings: Settings, server: HttpServer) -> Iterator[Store]:
    """Answer requests; others do the work. Raises StoreNotUsable, SchemaMissing, SchemaTooNew."""
    with ExitStack() as stack:
        stack.callback(server.stop)
        store = stack.enter_context(closing(open_store(settings)))
        queue = stack.enter_context(closing(open_queue(settings, store, redis_seconds=LOOK_SECONDS)))
        server.start(create_app(build_service(settings, store, queue)))
        log.info("api.started", url=server.url)
        yield store
        server.stop()


@contextmanager
def shared_service(settings: Settings, *, works: bool) -> Iterator[str]:
    """Serve, and yield the URL; with `works` on, make the tables, work on jobs, and stand by for the lead.

    Raises AddressNotUsable, StoreNotUsable, SchemaMissing, SchemaTooNew, StoreUnavailable.
    """
    if works:
        schema.create(settings.store_address)
    server = HttpServer(settings.host, settings.port)
    with serving(settings, server) as store, ExitStack() as stack:
        if works:
            queue = stack.enter_context(closing(open_queue(settings, store)))
            stack.enter_context(_standing_by(settings, store, queue))
            stack.enter_context(working(settings, store, queue))  # ends first: its last texts are folded
        yield server.url


@contextmanager
def _standing_by(settings: Settings, store: Store, queue: DramatiqQueue) -> Iterator[None]:
    ending = threading.Event()
    with LeaderLock(settings.store_address) as lock:
        candidate = threading.Thread(
            target=partial(lead, settings, store, queue, lock=lock, wait=ending.wait), name="leader"
        )
        candidate.start()
        try:
            yield
        finally:
            ending.set()
            candidate.join()


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
