"""Turns due jobs into queue messages.

Messages are disposable wake-ups: enqueueing one twice is harmless, because the claim decides. The queue is
kept shallow, so that a wipe, a pause or a crash of it concerns few messages.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from application.gate_status import Opening
from application.movie_generations import Clock
from application.ports import JobQueue
from application.queue_switch import QueueSwitch
from domain.values import Priority

WAITING_PER_THREAD = 4

ON_THE_WAY = timedelta(seconds=1)
"""So long after it was sent a message may be in the hands of a worker that has not claimed its job yet."""


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
        self,
        priority: Priority,
        *,
        now: datetime,
        epoch: str,
        sent_before: datetime,
        limit: int,
        not_for: Collection[str] = (),
    ) -> Sequence[DueJob]:
        """Active, unclaimed jobs whose time has come and that have no dispatch for their next attempt in
        this queue epoch, or one from before `sent_before`; oldest request first. Those of requesters in
        `not_for` are left out."""

    @abstractmethod
    def record(self, due: Sequence[DueJob], *, epoch: str, at: datetime) -> None: ...

    @abstractmethod
    def sent_since(self, moment: datetime) -> int:
        """Messages for jobs that have not been started yet."""

    @abstractmethod
    def forget(self, job_id: UUID) -> None:
        """A message that came in vain: the job is sent again when it can be started."""


class Dispatcher:
    def __init__(
        self,
        dispatches: Dispatches,
        queue: JobQueue,
        switch: QueueSwitch,
        *,
        clock: Clock,
        opening: Callable[[], Opening] = Opening,
        threads: Callable[[], int],
        resend_after: timedelta,
    ) -> None:
        """`threads` is how many attempts all workers together can run at the same time; `opening` is how far
        the gate before a paid model is open, and all the way where the writer is free."""
        self._dispatches = dispatches
        self._queue = queue
        self._switch = switch
        self._clock = clock
        self._opening = opening
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
        opening, most_waiting = self._opening(), WAITING_PER_THREAD * self._threads()
        sent = [
            self._send(Priority.INTERACTIVE, epoch, opening, most_waiting),
            self._send(Priority.BULK, epoch, opening, most_waiting // 2),  # half stays free for others
        ]
        return any(sent)

    def _send(self, priority: Priority, epoch: str, opening: Opening, most_waiting: int) -> bool:
        now = self._clock()
        room = self._room(opening, most_waiting, now)
        if room <= 0:
            return False
        due = self._dispatches.due(
            priority,
            now=now,
            epoch=epoch,
            sent_before=now - self._resend_after,
            limit=room,
            not_for=opening.shut_for,
        )
        for job in due:
            self._queue.enqueue(slug=job.slug, job_id=job.job_id, attempt=job.attempt, priority=priority)
        # Recorded after sending: a crash in between sends twice, the other order could send never.
        if due:
            self._dispatches.record(due, epoch=epoch, at=now)
        return bool(due)

    def _room(self, opening: Opening, most_waiting: int, now: datetime) -> int:
        waiting = self._queue.waiting()
        if opening.room is None:
            return most_waiting - waiting
        unclaimed = max(waiting, self._dispatches.sent_since(now - ON_THE_WAY))
        return min(most_waiting - waiting, opening.room - unclaimed)
