"""A worker: threads that take messages and write descriptions, and a heartbeat that says so."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from application.errors import StoreUnavailable
from application.ports import DescriptionWriter
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import build_run, new_worker_id
from interfaces.loops import Loop, running
from interfaces.writers import build_writer


@contextmanager
def working(settings: Settings, store: Store, queue: DramatiqQueue) -> Iterator[str]:
    """Work until the block ends, then let running attempts finish. Yields the worker's id.

    The first heartbeat comes before the first claim: a claim without one is a dead worker's.
    Raises StoreUnavailable, WrongSettings.
    """
    with closing(build_writer(settings)) as writer, _working(settings, store, queue, writer) as worker_id:
        yield worker_id


@contextmanager
def _working(
    settings: Settings, store: Store, queue: DramatiqQueue, writer: DescriptionWriter
) -> Iterator[str]:
    worker_id, threads, stopping = new_worker_id(), settings.worker_threads, threading.Event()
    run = build_run(settings, store, writer, worker_id=worker_id, stopping=stopping)

    def beat() -> None:
        store.heartbeats.beat(worker_id, threads=threads)

    beat()
    every = settings.heartbeat_seconds
    heartbeat = Loop("heartbeat", beat, every_seconds=every, longest_pause_seconds=every)
    try:
        with running([heartbeat]):
            queue.start(run, threads=threads)
            try:
                yield worker_id
            finally:
                stopping.set()
                queue.stop(timeout_seconds=settings.shutdown_seconds)
    finally:
        # Where nothing can be written an end in order is still one; the rescuer forgets this worker.
        with suppress(StoreUnavailable):
            store.heartbeats.sign_off(worker_id)
