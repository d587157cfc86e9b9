"""What all queues have in common: dramatiq carries messages and runs worker threads, and decides nothing.

No retries, no delays, no results: tries and due times are kept in events, and a message that is lost or
comes twice does no harm. No time limit either: it would interrupt a thread at any line, also one that has
just taken a lock of the store, and the lock would be held for ever. The writer keeps its deadline, and the
rescuer ends claims that are too old.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from uuid import UUID

import dramatiq
import structlog
from dramatiq import Broker

from application.errors import EventTooNew, StoreUnavailable
from domain.values import Priority

log = structlog.get_logger()

Run = Callable[[str, UUID], object]
"""What a worker thread does with the slug and the job id of a message."""

QUEUES = tuple(Priority)
_QUEUE_PRIORITY = {Priority.INTERACTIVE: 0, Priority.BULK: 10}
_IDLE_WAKE_UP_MS = 250
_LAST_WORDS_MS = 1_000
"""For threads that have nothing left to do, or have been given up."""


class DramatiqQueue(ABC):
    """Everybody may put messages in; a worker also calls `start` and `stop`."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._worker: dramatiq.Worker | None = None
        self._run: Run | None = None
        self._actors = {
            priority: dramatiq.actor(
                broker=broker, actor_name=priority, queue_name=priority, priority=_QUEUE_PRIORITY[priority]
            )(self._work)
            for priority in QUEUES
        }
        # Nothing is ever delayed: without these a worker does with half the threads and connections.
        broker.delay_queues.clear()

    @abstractmethod
    def epoch(self) -> str:
        """Changes whenever queued messages may have been lost. Raises QueueUnavailable."""

    @abstractmethod
    def waiting(self) -> int:
        """Messages that no worker has taken yet. Raises QueueUnavailable."""

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        """Raises QueueUnavailable; the message may be in the queue all the same."""
        self._actors[priority].send(slug, str(job_id), attempt)

    def start(self, run: Run, *, threads: int) -> None:
        """Work on messages in `threads` threads, until `stop`; where the queue is away, once it is back.

        No more is taken than there are threads: what one worker holds back, no other can do.
        """
        assert self._worker is None, "a queue is started once"
        self._run = run
        self._worker = dramatiq.Worker(self._broker, worker_threads=threads, worker_timeout=_IDLE_WAKE_UP_MS)
        self._worker.queue_prefetch = threads
        self._worker.start()

    def stop(self, *, timeout_seconds: float) -> None:
        """Let running attempts finish; what has not started goes back to the queue, or stays due."""
        if self._worker is None:
            return
        self._take_no_more()
        # dramatiq's own way to wait counts the same time once for every thread, and gives up too early.
        deadline = time.monotonic() + timeout_seconds
        for thread in self._worker.workers:
            thread.stop()
        for thread in self._worker.workers:
            thread.join(max(deadline - time.monotonic(), 0))
        self._worker.stop(timeout=_LAST_WORDS_MS)

    def close(self) -> None:
        """Let go of connections; the last thing that is done with a queue."""
        self._broker.close()

    @abstractmethod
    def _take_no_more(self) -> None:
        """Leave messages to others from now on: dramatiq goes on taking some until its threads have ended."""

    def _work(self, slug: str, job_id: str, _attempt: int) -> None:
        assert self._run is not None
        try:
            self._run(slug, UUID(job_id))
        except (
            StoreUnavailable,
            EventTooNew,
        ) as why:  # the job is in the store all the same, and is sent again
            log.warning("generation.put_off", slug=slug, job_id=job_id, reason=str(why))
        except Exception:  # sent again as well: what the queue kept of each failure would fill it
            log.exception("generation.broke", slug=slug, job_id=job_id)
