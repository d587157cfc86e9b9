"""The embedded queue: dramatiq's StubBroker and worker threads inside the process.

Messages live in memory and are gone with the process; a new epoch at each start makes the dispatcher send
again what is due. No retries, no delays: tries and due times are kept in events. No time limit either: it
would interrupt a thread at any line, also one that has just taken a lock of the store, and the lock would
be held for ever. The writer keeps its deadline, and the rescuer ends claims that are too old.
"""

import secrets
from collections.abc import Callable
from uuid import UUID

import dramatiq
import structlog
from dramatiq.brokers.stub import StubBroker

from application.errors import StoreUnavailable
from domain.values import Priority

log = structlog.get_logger()

_IDLE_WAKE_UP_MS = 250
_QUEUE_PRIORITY = {Priority.INTERACTIVE: 0, Priority.BULK: 10}


class EmbeddedQueue:
    """`run(slug, job_id)` is what a worker thread does with a message."""

    def __init__(self, run: Callable[[str, UUID], object], *, threads: int) -> None:
        self._run = run
        self._epoch = secrets.token_hex(4)
        self._broker = StubBroker(middleware=[])
        self._actors = {
            priority: dramatiq.actor(
                broker=self._broker, actor_name=priority, queue_name=priority, priority=rank
            )(self._work)
            for priority, rank in _QUEUE_PRIORITY.items()
        }
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=_IDLE_WAKE_UP_MS)

    def epoch(self) -> str:
        return self._epoch

    def waiting(self) -> int:
        in_queues: int = sum(self._broker.queues[priority].qsize() for priority in _QUEUE_PRIORITY)
        return in_queues + self._worker.work_queue.qsize()

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        self._actors[priority].send(slug, str(job_id), attempt)

    def start(self) -> None:
        self._worker.start()

    def stop(self, *, timeout_seconds: float) -> None:
        """Let running attempts finish; what has not started stays due."""
        self._worker.stop(timeout=int(timeout_seconds * 1000))
        self._broker.close()

    def _work(self, slug: str, job_id: str, _attempt: int) -> None:
        try:
            self._run(slug, UUID(job_id))
        except StoreUnavailable as outage:  # the job is in the store all the same, and is sent again
            log.warning("generation.put_off", slug=slug, job_id=job_id, reason=str(outage))
