"""A consumer that keeps account of what the worker has in hand, so that no message is taken by nobody.

dramatiq loses sight of messages in three ways. A broker that hangs, is full or can only be read answers with
errors that dramatiq does not take for a lost connection: it drops the ack. The answer to a fetch can be lost
on its way, after the broker has noted its messages as taken by this worker. And a worker that stops may have
fetched messages that it has not looked at. All of these would stay in progress until the worker's process
ends.
"""

from abc import abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from dramatiq import Consumer, Message, MessageProxy


class CarefulConsumer(Consumer):
    """Mixed into the consumer of a broker, in front of it."""

    _knows_what_is_in_hand = False

    @property
    @abstractmethod
    def in_hand(self) -> set[str]:
        """Messages that were given to the worker and are neither acked nor handed back. Kept by the broker:
        it outlives consumers, of which a new one is made after each lost connection."""

    @abstractmethod
    def id_of(self, message: Message[Any] | MessageProxy) -> str:
        """By what the broker knows the message."""

    @abstractmethod
    def fetched(self) -> list[Message[Any]]:
        """Taken from the broker, and not given to the worker yet."""

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
                self.hand_back_all_but(self.in_hand.copy())
                self._knows_what_is_in_hand = True
            message = super().__next__()
        if message is not None:
            self.in_hand.add(self.id_of(message))
        return message

    def ack(self, message: MessageProxy) -> None:
        with self.errors():
            super().ack(message)
        self.in_hand.discard(self.id_of(message))

    def nack(self, message: MessageProxy) -> None:
        with self.errors():
            super().nack(message)
        self.in_hand.discard(self.id_of(message))

    def requeue(self, messages: Iterable[Message[Any] | MessageProxy]) -> None:
        given_back = list(messages)
        with self.errors():
            super().requeue(given_back)  # type: ignore[arg-type] # it reads ids only
        self.in_hand.difference_update(map(self.id_of, given_back))

    def close(self) -> None:
        try:
            self.requeue(self.fetched())
        finally:
            super().close()
