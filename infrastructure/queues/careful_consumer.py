"""A consumer that keeps account of what the worker has in hand, so that no message is taken by nobody.

dramatiq loses sight of messages in three ways. A broker that hangs, is full or can only be read answers with
errors that dramatiq does not take for a lost connection: it drops the ack. The answer to a fetch can be lost
on its way, after the broker has noted its messages as taken by this worker. And a worker that stops may have
fetched messages that it has not looked at. All of these would stay in progress until the worker's process
ends.

It also takes more than it can do, from each queue and again after each lost connection. What waits in the
hand of a busy worker no other can take, and what is bulk there was taken before something interactive came.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from threading import Condition, Lock
from typing import Any

import structlog
from dramatiq import Consumer, Message, MessageProxy
from dramatiq.errors import BrokerConnectionError

from domain.values import Priority

log = structlog.get_logger()


class InHand:
    """The messages that one worker has taken and neither acked nor handed back, by what the broker knows
    them. Outlives consumers: each queue has one, and gets a new one after each lost connection."""

    def __init__(self) -> None:
        self.taking = Lock()
        self.is_full = False
        """Set by a worker that stops: what it took now, nobody would begin before it has ended."""
        self._ids: set[str] = set()
        self._changing = Condition()

    def ids(self) -> set[str]:
        with self._changing:
            return set(self._ids)

    def add(self, ids: Iterable[str]) -> None:
        with self._changing:
            self._ids.update(ids)

    def remove(self, ids: Iterable[str]) -> None:
        with self._changing:
            self._ids.difference_update(ids)
            self._changing.notify_all()

    def wait_for_less_than(self, threads: int, seconds: float) -> bool:
        with self._changing:
            return self._changing.wait_for(lambda: len(self._ids) < threads, seconds)


class CarefulConsumer(Consumer):
    """Mixed into the consumer of a broker, in front of it: takes a message when a thread is free for it, and
    a bulk one only when nothing interactive waits."""

    queue_name: str
    prefetch: int

    _knows_what_is_in_hand = False

    def __init__(self, *, threads: int, idle_seconds: float, **options: Any) -> None:
        """`threads` are those of the worker, for all queues. It looks again after `idle_seconds`."""
        super().__init__(prefetch=0, **options)  # type: ignore[call-arg] # the broker's fetches nothing
        self._threads = threads
        self._idle_seconds = idle_seconds

    @property
    @abstractmethod
    def in_hand(self) -> InHand:
        """Of the worker. Kept by the broker."""

    @abstractmethod
    def id_of(self, message: Message[Any] | MessageProxy) -> str:
        """By what the broker knows the message."""

    @abstractmethod
    def fetch(self, count: int) -> None:
        """Take so many messages from the broker, or as many as there are."""

    @abstractmethod
    def fetched(self) -> list[Message[Any]]:
        """Taken from the broker, and not given to the worker yet."""

    @abstractmethod
    def somebody_waits(self, priority: Priority) -> bool:
        """Whether there are messages of that priority that no worker has taken."""

    @abstractmethod
    def stay_alive(self) -> None:
        """Leave a sign of life: a busy worker sends no other commands, and would be taken for dead."""

    @abstractmethod
    def hand_back_all_but(self, ids: set[str]) -> None:
        """Put what the broker has noted as taken by this worker back into the queue, except these."""

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Turns whatever the broker answers instead of doing it into a lost connection: dramatiq acks again
        until it works, and fetches with a new consumer."""

    def __next__(self) -> MessageProxy | None:
        with self.errors():
            if not self._knows_what_is_in_hand:
                self.hand_back_all_but(self.in_hand.ids())
                self._knows_what_is_in_hand = True
            if not self.fetched():
                if not self.in_hand.wait_for_less_than(self._threads, self._idle_seconds):
                    self.stay_alive()
                    return None
                self._take()
            return super().__next__()  # which waits where there is nothing

    def ack(self, message: MessageProxy) -> None:
        self._settle(super().ack, message)

    def nack(self, message: MessageProxy) -> None:
        self._settle(super().nack, message)

    def requeue(self, messages: Iterable[Message[Any] | MessageProxy]) -> None:
        given_back = list(messages)
        with self.errors():
            super().requeue(given_back)  # type: ignore[arg-type] # it reads ids only
        self.in_hand.remove(map(self.id_of, given_back))

    def close(self) -> None:
        fetched = self.fetched()
        try:
            self.requeue(fetched)
        finally:
            self.in_hand.remove(map(self.id_of, fetched))  # the next consumer hands them back
            super().close()

    def _settle(self, tell: Callable[[MessageProxy], None], message: MessageProxy) -> None:
        """dramatiq tells a broker that is away until it hears it. A worker that stops does not wait for that:
        the message is delivered once more, and whoever gets it finds that its attempt has ended."""
        try:
            with self.errors():
                tell(message)
        except BrokerConnectionError as error:
            if not self.in_hand.is_full:
                raise
            log.warning("queue.ack_given_up", message=self.id_of(message), reason=str(error))
        self.in_hand.remove([self.id_of(message)])

    def _take(self) -> None:
        """One queue at a time: what is free for both would be taken twice."""
        with self.in_hand.taking:
            free = self._threads - len(self.in_hand.ids())
            if free > 0 and not self.in_hand.is_full and not self._gives_way():
                self.fetch(free)
                self.in_hand.add(map(self.id_of, self.fetched()))
            else:
                self.stay_alive()

    def _gives_way(self) -> bool:
        return self.queue_name != Priority.INTERACTIVE and self.somebody_waits(Priority.INTERACTIVE)
