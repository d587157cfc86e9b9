"""Everything in one process over a SQLite store: API, projector, dispatcher, rescuer and workers."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import structlog

from application.worker_watch import Heartbeats
from infrastructure.settings import Settings
from infrastructure.store_lock import StoreLock
from interfaces.bootstrap import build_service, open_queue, open_store
from interfaces.http.server import HttpServer
from interfaces.projector import dispatching, projecting
from interfaces.upkeep import upkeep
from interfaces.worker import working

log = structlog.get_logger()


@contextmanager
def embedded_service(settings: Settings, *, works: bool = True, is_for_others: bool = True) -> Iterator[str]:
    """Serve an event store, and yield the URL; with `works` off, jobs are accepted but not worked on.

    `is_for_others`: other commands may use it too; one that ends with its command is for nobody else.

    Raises StoreInUse, DirectoryNotUsable, AddressNotUsable, StoreNotUsable, SchemaTooNew.
    """
    with ExitStack() as stack:
        lock = stack.enter_context(StoreLock(settings.event_store_path))
        server = HttpServer(settings.host, settings.port)
        stack.callback(server.stop)
        appended, projected = threading.Event(), threading.Event()
        store = stack.enter_context(closing(open_store(settings, on_append=appended.set)))
        queue = stack.enter_context(closing(open_queue(settings, store)))
        stack.enter_context(projecting(settings, store, appended=appended, projected=projected))
        if works:
            _forget_dead_workers(store.heartbeats)
            stack.enter_context(working(settings, store, queue))
            stack.enter_context(dispatching(settings, store, queue, projected=projected))
        service = build_service(settings, store, queue)
        stack.enter_context(upkeep(service))
        server.start(service)
        if is_for_others:
            lock.announce(server.url)
        log.info("service.started", url=server.url, store=str(settings.event_store_path), works=works)
        try:
            yield server.url
        finally:
            log.info("service.stopping")
            lock.withdraw()
            server.stop()


def _forget_dead_workers(heartbeats: Heartbeats) -> None:
    """We hold the store alone, so whoever left signs of life before us has died: no need to wait."""
    for worker_id in heartbeats.counts():
        heartbeats.sign_off(worker_id)
