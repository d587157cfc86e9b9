"""The queue in Redis: quick, and seen by workers on all machines. What Redis loses is sent again."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import redis
import structlog
from dramatiq import Message, MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.errors import ConnectionClosed, DecodeError

from application.errors import QueueUnavailable
from domain.values import Priority
from infrastructure.queues.careful_consumer import CarefulConsumer, InHand
from infrastructure.queues.dramatiq_queue import QUEUES, DramatiqQueue
from infrastructure.redis.failures import reason

log = structlog.get_logger()

SOCKET_SECONDS = 15.0
"""How long a command of the queue may take: redis-py's own 5 s give up a Redis that only stalls."""

_ALWAYS = 1_000_000


class RedisQueue(DramatiqQueue):
    def __init__(self, client: redis.Redis, *, namespace: str, worker_dead_seconds: float = 60.0) -> None:
        """The client is the queue's own from now on; it does not decode answers. All keys begin with the
        `namespace`: several installations may share a Redis, and must not take each other's messages.

        A worker that is silent for `worker_dead_seconds` has died: others are given what it has taken.
        """
        self._client = client
        self._epoch_key = f"{namespace}:queue-epoch"
        self._lists = [f"{namespace}:{name}" for name in QUEUES]
        self._careful_broker = _Broker(client, namespace, worker_dead_seconds)
        super().__init__(self._careful_broker)

    def epoch(self) -> str:
        """A key that is lost with the data, and the run of the server: a restart may have lost the last
        second of messages, and a replica that was promoted more than that."""
        with _queue_errors(), self._client.pipeline(transaction=False) as commands:
            commands.set(self._epoch_key, secrets.token_hex(4), nx=True)
            commands.get(self._epoch_key)
            commands.info("server")
            _, token, server = commands.execute()
        return f"{token.decode()}.{server['run_id']}"

    def waiting(self) -> int:
        """The lists alone: dramatiq's own count has what workers are doing in it."""
        with _queue_errors(), self._client.pipeline(transaction=False) as commands:
            for name in self._lists:
                commands.llen(name)
            return sum(commands.execute())

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        with _queue_errors():
            super().enqueue(slug=slug, job_id=job_id, attempt=attempt, priority=priority)

    def _take_no_more(self) -> None:
        self._careful_broker.in_hand.is_full = True

    def close(self) -> None:
        super().close()
        self._client.close()


@contextmanager
def _queue_errors() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise QueueUnavailable(reason(error)) from error


class _Broker(RedisBroker):
    """Looks for messages of dead workers with every command: with dramatiq's own chance of one in a
    thousand they wait for minutes."""

    def __init__(self, client: redis.Redis, namespace: str, worker_dead_seconds: float) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            client=client,
            middleware=[],
            namespace=namespace,
            maintenance_chance=_ALWAYS,
            heartbeat_timeout=int(worker_dead_seconds * 1000),
        )
        self.in_hand = InHand()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5_000) -> "_Consumer":
        return _Consumer(
            broker=self,
            queue_name=queue_name,
            threads=prefetch,
            timeout=timeout,
            idle_seconds=timeout / 1_000,
        )


class _Consumer(CarefulConsumer, _RedisConsumer):
    broker: _Broker

    @property
    def in_hand(self) -> InHand:
        return self.broker.in_hand

    def id_of(self, message: Message[Any] | MessageProxy) -> str:
        redis_id: str = message.options["redis_message_id"]
        return redis_id

    def fetch(self, count: int) -> None:
        self.message_cache = [*filter(_is_message, self.broker.do_fetch(self.queue_name, count))]

    def fetched(self) -> list[Message[Any]]:
        return [Message.decode(data) for data in self.message_cache]

    def somebody_waits(self, priority: Priority) -> bool:
        return bool(self.broker.client.llen(f"{self.broker.namespace}:{priority}"))

    def stay_alive(self) -> None:
        self.broker.do_heartbeat(self.queue_name)

    def hand_back_all_but(self, ids: set[str]) -> None:
        taken_ids = f"{self.broker.namespace}:__acks__.{self.broker.broker_id}.{self.queue_name}"
        taken: Any = self.broker.client.smembers(taken_ids)
        if lost := {taken_id.decode() for taken_id in taken} - ids:
            self.broker.do_requeue(self.queue_name, *lost)

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except redis.RedisError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def _is_message(data: bytes | None) -> bool:
    """Nothing where Redis knows no message of that id. What is no message would stop the consumer."""
    try:
        return data is not None and bool(Message.decode(data))
    except (DecodeError, TypeError):
        log.warning("queue.not_a_message", is_dropped=True)
        return False
