"""`moviemind api`, `worker` and `projector`: the parts of `moviemind up` as processes that share a store."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Annotated

import structlog
import typer

from infrastructure.logs import configure_logs
from infrastructure.postgres import schema
from infrastructure.postgres.failures import place
from infrastructure.postgres.leader import LeaderLock
from infrastructure.settings import Settings, load_settings
from interfaces.bootstrap import open_queue, open_store
from interfaces.cli.output import say
from interfaces.http.server import HttpServer
from interfaces.projector import lead
from interfaces.shared import needs_shared_queue, serving
from interfaces.stop_signal import StopSignal
from interfaces.supervisor import Supervisor
from interfaces.worker import working
from interfaces.writers import check_model, check_prices

log = structlog.get_logger()

API_GRACE_SECONDS = 10.0
BEYOND_SHUTDOWN_SECONDS = 10.0

Processes = Annotated[int, typer.Option(min=1, max=64, help="How many processes, under one parent.")]


def api(
    processes: Processes = 1,
    host: Annotated[str | None, typer.Option(help="Address to serve on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes a free one.", show_default="8000")] = None,
) -> None:
    """Answer requests. Jobs are worked on by `moviemind worker`, views kept by `moviemind projector`."""
    settings = needs_shared_queue(_ready(load_settings(host=host, port=port)), "api")
    schema.check(settings.store_address)
    stop = StopSignal()
    server = HttpServer(settings.host, settings.port)

    def serve(stop: StopSignal) -> None:
        with serving(settings, server):
            stop.wait()

    say(f"MovieMind serves {place(settings.store_address)} at {server.url}")
    _run(serve, stop, processes=processes, grace_seconds=API_GRACE_SECONDS)


def worker(
    processes: Processes = 1,
    threads: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Attempts at the same time in each.", show_default="8"),
    ] = None,
) -> None:
    """Write descriptions: take jobs from the queue, call the writer, save the text."""
    settings = needs_shared_queue(_ready(load_settings(worker_threads=threads)), "worker")
    check_model(settings)
    schema.check(settings.store_address)
    stop = StopSignal()

    def work(stop: StopSignal) -> None:
        with (
            closing(open_store(settings)) as store,
            closing(open_queue(settings, store)) as queue,
            working(settings, store, queue) as worker_id,
        ):
            log.info("worker.started", worker_id=worker_id, threads=settings.worker_threads)
            stop.wait()
            log.info("worker.stopping", worker_id=worker_id)

    grace = settings.shutdown_seconds + BEYOND_SHUTDOWN_SECONDS
    _run(work, stop, processes=processes, grace_seconds=grace)


def projector() -> None:
    """Keep the views up to date, dispatch due jobs, rescue those of dead workers.

    Of several, one leads; another takes over within five seconds when it dies.
    """
    settings = needs_shared_queue(_ready(load_settings()), "projector")
    schema.check(settings.store_address)
    stop = StopSignal()
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(settings)))
        queue = stack.enter_context(closing(open_queue(settings, store)))
        lock = stack.enter_context(LeaderLock(settings.store_address))
        say("MovieMind projector stands by; Ctrl-C stops it.")
        lead(settings, store, queue, lock=lock, wait=stop.wait)


def _ready(settings: Settings) -> Settings:
    """What is wrong is found before there are children: they would be started anew for ever."""
    configure_logs(settings.log_level, settings.log_format)
    check_prices(settings)
    return settings


def _run(
    work: Callable[[StopSignal], None], stop: StopSignal, *, processes: int, grace_seconds: float
) -> None:
    if processes == 1:
        work(stop)
    else:
        Supervisor(work, processes=processes, grace_seconds=grace_seconds).run(stop)
