"""Messages that nobody stands behind: sent until the fault comes, looked for afterwards, and taken."""

import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import UUID, uuid4

from application.errors import QueueUnavailable
from benchmarks.persistence.places import Place
from domain.values import Priority
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from tests.support.process import wait_until

THREADS = 8
PAUSE_SECONDS = 0.005
"""Between messages once enough were timed: 200 a second at most go on until the fault."""

STOP_SECONDS = 5.0


def send(place: Place, count: int) -> list[UUID]:
    """Returns the jobs whose messages the queue has acknowledged: all of them."""
    with closing(place.open()) as queue:
        return [_send(queue) for _ in range(count)]


class Sending:
    """While the block runs, one client sends one message after the other, until the queue takes no more.

    The first `timed` of them as quickly as it can.
    """

    def __init__(self, place: Place, *, timed: int) -> None:
        self.acknowledged: list[UUID] = []
        self._place = place
        self._timed = timed
        self._seconds = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sender")

    def per_second(self) -> float:
        """Waits until all that are timed were sent."""
        wait_until(lambda: self._seconds, f"{self._timed} messages are sent")
        return self._timed / self._seconds

    def stop(self) -> None:
        """Whatever is acknowledged by now, `acknowledged` holds."""
        self._ending.set()
        self._thread.join()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        with closing(self._place.open()) as queue:
            started = time.perf_counter()
            for _ in range(self._timed):
                self.acknowledged.append(_send(queue))
            self._seconds = time.perf_counter() - started
            while not self._ending.wait(PAUSE_SECONDS):
                try:
                    self.acknowledged.append(_send(queue))
                except QueueUnavailable:
                    return


@dataclass
class Taken:
    """What worker threads were given, and when the first and the last of it came."""

    job_ids: set[UUID] = field(default_factory=set)
    times: list[float] = field(default_factory=list)

    def __call__(self, _slug: str, job_id: UUID) -> None:
        self.times.append(time.perf_counter())
        self.job_ids.add(job_id)

    def per_second(self) -> float:
        return (len(self.times) - 1) / (max(self.times) - min(self.times))


def take_all(place: Place, *, at_least: int) -> Taken:
    """Take what is there; where that is less than `at_least`, others are sent before, so that there is
    something to time."""
    there = place.job_ids()
    wanted = there | set(send(place, max(at_least - len(there), 0)))
    taken = Taken()
    with closing(place.open()) as queue:
        queue.start(taken, threads=THREADS)
        try:
            wait_until(lambda: taken.job_ids >= wanted, f"{len(wanted)} messages are taken")
        finally:
            queue.stop(timeout_seconds=STOP_SECONDS)
    return taken


def _send(queue: DramatiqQueue) -> UUID:
    """Raises QueueUnavailable."""
    job_id = uuid4()
    queue.enqueue(slug=f"film-{job_id}", job_id=job_id, attempt=1, priority=Priority.INTERACTIVE)
    return job_id
