"""Everything in one process: API, projector, dispatcher, rescuer and workers over one event store."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import structlog

from application.commands.rescue_generations import RescueGenerations, rescue_generations
from application.errors import StoreUnavailable
from application.worker_watch import Heartbeats
from domain.values import Actor
from infrastructure.settings import Settings
from infrastructure.store_lock import StoreLock
from interfaces.bootstrap import build
from interfaces.http.app import create_app
from interfaces.http.server import HttpServer
from interfaces.loops import Loop
from interfaces.service import MovieMind

log = structlog.get_logger()

PROJECTOR_REST_SECONDS = 0.05
"""Between batches while events keep coming. Folding each event as it comes takes the service 15 ms of CPU
per generation, with this rest 10 ms (medians of three rounds); the first event after a pause never waits."""


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
        service, queue = build(settings, on_append=appended.set)
        stack.callback(service.close)
        _run([_projector_loop(service, settings, appended, projected)], stack)
        if works:
            _forget_dead_workers(service.heartbeats)
            service.heartbeats.beat(service.worker_id)
            stack.callback(_sign_off, service)
            _run([_heartbeat_loop(service, settings)], stack)
            queue.start()
            stack.callback(queue.stop, timeout_seconds=settings.shutdown_seconds)
            _run([_dispatcher_loop(service, settings, projected), _rescuer_loop(service, settings)], stack)
        server.start(create_app(service))
        if is_for_others:
            lock.announce(server.url)
        log.info("service.started", url=server.url, store=str(settings.event_store_path), works=works)
        try:
            yield server.url
        finally:
            log.info("service.stopping")
            lock.withdraw()
            server.stop()


def _projector_loop(
    service: MovieMind, settings: Settings, appended: threading.Event, projected: threading.Event
) -> Loop:
    return Loop(
        "projector",
        service.projector.step,
        every_seconds=settings.poll_seconds,
        wake=appended,
        then=projected.set,
        rest_seconds=PROJECTOR_REST_SECONDS,
    )


def _dispatcher_loop(service: MovieMind, settings: Settings, projected: threading.Event) -> Loop:
    return Loop("dispatcher", service.dispatcher.step, every_seconds=settings.poll_seconds, wake=projected)


def _heartbeat_loop(service: MovieMind, settings: Settings) -> Loop:
    def beat() -> None:
        service.heartbeats.beat(service.worker_id)

    every = settings.heartbeat_seconds
    return Loop("heartbeat", beat, every_seconds=every, longest_pause_seconds=every)


def _rescuer_loop(service: MovieMind, settings: Settings) -> Loop:
    command = RescueGenerations(by=Actor("rescuer", correlation_id=service.worker_id))

    def rescue() -> None:
        rescue_generations(command, generations=service.generations, jobs=service.jobs, watch=service.watch)

    return Loop("rescuer", rescue, every_seconds=settings.rescue_seconds)


def _run(loops: list[Loop], stack: ExitStack) -> None:
    """Start the loops now, and stop them when the stack unwinds."""
    for loop in loops:
        loop.start()
        stack.callback(loop.stop)


def _sign_off(service: MovieMind) -> None:
    """Where nothing can be written an end in order is still one; the next start forgets this worker."""
    with suppress(StoreUnavailable):
        service.heartbeats.sign_off(service.worker_id)


def _forget_dead_workers(heartbeats: Heartbeats) -> None:
    """We hold the store alone, so whoever left signs of life before us has died: no need to wait."""
    for worker_id in heartbeats.counts():
        heartbeats.sign_off(worker_id)
