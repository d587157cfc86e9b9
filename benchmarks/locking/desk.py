"""The lab's queue, the same for every strategy: jobs go out, answers come in.

It stays whatever happens to a worker: a job that nothing was heard of for a while is delivered again. So no
strategy is blamed for a queue that loses jobs, and none is spared the job that is delivered twice.
"""

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from benchmarks.locking.round_trips import Trips
from benchmarks.locking.setup import Pace
from benchmarks.locking.strategy import Job

TRIES = 3


@dataclass(frozen=True, slots=True)
class Delivery:
    """A job in the hands of a worker; `number` tells it from later deliveries of the same."""

    job: Job
    number: int


@dataclass(frozen=True, slots=True)
class Said:
    """How a delivery ended: with a description, in a failure, or, with neither, not now."""

    description_id: UUID | None
    failure: str
    trips: Trips


@dataclass(slots=True)
class _Message:
    job: Job
    due_at: float
    tries: int = 0
    delivery: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A job was done with a description, as some worker said."""

    job: Job
    description_id: UUID


@dataclass
class Desk:
    """Safe to use from any number of threads. `lost` tells of jobs that were given up, and why."""

    pace: Pace
    lost: dict[UUID, str] = field(default_factory=dict)
    trips: Trips = field(default_factory=Trips)
    _messages: list[_Message] = field(default_factory=list)
    _answers: defaultdict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    _first_answers: dict[UUID, UUID] = field(default_factory=dict)
    _known: set[tuple[UUID, int]] = field(default_factory=set)
    _in_hand: dict[str, Delivery] = field(default_factory=dict)
    _deliveries: int = 0
    _is_closed: bool = False
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def put(self, job: Job, attempt: int = 1) -> None:
        with self._changed:
            if (job.job_id, attempt) not in self._known and job.job_id not in self._first_answers:
                self._known.add((job.job_id, attempt))
                self._messages.append(_Message(job, time.monotonic()))
                self._changed.notify_all()

    def take(self, worker_id: str) -> Delivery | None:
        """The next job that is due, waited for; None when the desk is closed."""
        with self._changed:
            while not self._is_closed:
                message, wait_seconds = self._next()
                if message is not None:
                    self._in_hand[worker_id] = self._deliver(message)
                    return self._in_hand[worker_id]
                self._changed.wait(wait_seconds)
            return None

    def answer(self, worker_id: str, delivery: Delivery, description_id: UUID) -> None:
        """Also from a worker that was given up: what it says counts."""
        with self._changed:
            job = delivery.job
            self._answers[job.slug].append(Answer(job, description_id))
            self._first_answers.setdefault(job.job_id, description_id)
            self._forget(delivery.job.job_id)
            self._back(worker_id)

    def again(self, worker_id: str, delivery: Delivery) -> None:
        """Somebody else is at it: deliver it again after a moment, and count no try."""
        with self._changed:
            for message in self._delivered(delivery):
                message.tries -= 1
                message.due_at, message.delivery = time.monotonic() + self.pace.again, None
            self._back(worker_id)

    def failed(self, worker_id: str, delivery: Delivery, why: str) -> None:
        with self._changed:
            for message in self._delivered(delivery):
                self._retry_or_lose(message, why)
            self._back(worker_id)

    def gone(self, worker_id: str) -> None:
        """The line to a worker is cut. Its job comes back when it has been silent for long enough."""
        with self._changed:
            self._back(worker_id)

    def add_trips(self, trips: Trips) -> None:
        with self._changed:
            self.trips += trips

    def wait_for_answer(self, job_id: UUID, seconds: float) -> UUID | None:
        """The first one; None when the job is lost, or nothing comes in time."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_closed or job_id in self.lost or job_id in self._first_answers, seconds
            )
            return self._first_answers.get(job_id)

    def wait_for_answers(self, slug: str, seconds: float) -> bool:
        """Until somebody is done with that film; False when nobody is in time."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._answers[slug]), seconds)

    def answers_about(self, slug: str) -> list[Answer]:
        with self._changed:
            return [*self._answers[slug]]

    def clear(self) -> None:
        """What nobody waits for any more is not delivered either."""
        with self._changed:
            self._messages.clear()

    def wait_until_idle(self) -> None:
        """Until no worker has a job in its hands any more: what one did later would be in nobody's round."""
        with self._changed:
            is_idle = self._changed.wait_for(lambda: not self._in_hand, self.pace.patience)
        assert is_idle, f"these are still at work: {', '.join(sorted(self._in_hand))}"

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def close(self) -> None:
        """Nobody waits for anything any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _next(self) -> tuple[_Message | None, float | None]:
        """A message that is due, or how long until one is."""
        now = time.monotonic()
        for message in [one for one in self._messages if one.due_at <= now]:
            if message.tries >= TRIES:
                self._lose(message, "its last try was never heard of again")
            else:
                return message, None
        return None, min((message.due_at - now for message in self._messages), default=None)

    def _deliver(self, message: _Message) -> Delivery:
        self._deliveries += 1
        message.tries += 1
        message.due_at = time.monotonic() + self.pace.visibility
        message.delivery = self._deliveries
        return Delivery(message.job, self._deliveries)

    def _delivered(self, delivery: Delivery) -> list[_Message]:
        """Nothing if it was delivered to somebody else since."""
        return [message for message in self._messages if message.delivery == delivery.number]

    def _retry_or_lose(self, message: _Message, why: str) -> None:
        if message.tries >= TRIES:
            self._lose(message, why)
        else:
            message.due_at = time.monotonic() + self.pace.backoff[message.tries - 1]
            message.delivery = None

    def _lose(self, message: _Message, why: str) -> None:
        self._messages.remove(message)
        if not any(other.job == message.job for other in self._messages):
            self.lost[message.job.job_id] = why
            self._changed.notify_all()

    def _forget(self, job_id: UUID) -> None:
        self._messages = [message for message in self._messages if message.job.job_id != job_id]

    def _back(self, worker_id: str) -> None:
        self._in_hand.pop(worker_id, None)
        self._changed.notify_all()
