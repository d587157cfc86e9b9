"""Turns due jobs into queue messages.

Messages are disposable wake-ups: enqueueing one twice is harmless, because the claim decides. The queue is
kept shallow, so that a wipe, a pause or a crash of it concerns few messages.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.movie_generations import Clock
from application.ports import JobQueue
from application.queue_switch import QueueSwitch
from domain.values import Priority

WAITING_PER_THREAD = 4


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job that may start now; `attempt` is the number its next attempt will have."""

    job_id: UUID
    slug: str
    attempt: int


class Dispatches(ABC):
    """The dispatcher's memory: which attempt of which job was put into the queue, in which queue epoch."""

    @abstractmethod
    def due(
        self, priority: Priority, *, now: datetime, epoch: str, sent_before: datetime, limit: int
    ) -> Sequence[DueJob]:
        """Active, unclaimed jobs whose time has come and that have no dispatch for their next attempt in
        this queue epoch, or one from before `sent_before`; oldest request first."""

    @abstractmethod
    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None: ...


class Dispatcher:
    def __init__(
        self,
        dispatches: Dispatches,
        queue: JobQueue,
        switch: QueueSwitch,
        *,
        clock: Clock,
        threads: Callable[[], int],
        resend_after: timedelta,
    ) -> None:
        """`threads` is how many attempts all workers together can run at the same time."""
        self._dispatches = dispatches
        self._queue = queue
        self._switch = switch
        self._clock = clock
        self._threads = threads
        self._resend_after = resend_after

    def step(self) -> bool:
        """Send what is due, as far as the queue has room; False when nothing was sent.

        Raises StoreUnavailable, QueueUnavailable.
        """
        state = self._switch.state()
        if state.is_paused:
            return False
        epoch = f"{self._queue.epoch()}.{state.dispatch_round}"
        most_waiting = WAITING_PER_THREAD * self._threads()
        sent = [
            self._send(Priority.INTERACTIVE, epoch, most_waiting),
            self._send(Priority.BULK, epoch, most_waiting // 2),  # half of the room stays free for others
        ]
        return any(sent)

    def _send(self, priority: Priority, epoch: str, most_waiting: int) -> bool:
        now = self._clock()
        room = most_waiting - self._queue.waiting()
        if room <= 0:
            return False
        due = self._dispatches.due(
            priority, now=now, epoch=epoch, sent_before=now - self._resend_after, limit=room
        )
        for job in due:
            self._queue.enqueue(slug=job.slug, job_id=job.job_id, attempt=job.attempt, priority=priority)
        # Recorded after sending: a crash in between sends twice, the other order could send never.
        if due:
            self._dispatches.record(due, epoch=epoch, at=now)
        return bool(due)
