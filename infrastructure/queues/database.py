"""The queue in the PostgreSQL database that also holds the events: one server less to run.

Workers look every quarter of a second and are not woken by NOTIFY, for which every worker would keep one
more connection. The library still notifies when a message is acknowledged; nobody listens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from dramatiq import Message, MessageProxy
from dramatiq.errors import BrokerConnectionError
from dramatiq_postgres import schema  # type: ignore[import-untyped]
from dramatiq_postgres.broker import PostgresBroker, PostgresConsumer  # type: ignore[import-untyped]
from psycopg.rows import tuple_row
from psycopg_pool import PoolClosed, PoolTimeout

from application.errors import QueueUnavailable
from domain.values import Priority
from infrastructure.postgres.datastore import POOL_SECONDS, SESSION, link
from infrastructure.postgres.failures import reason
from infrastructure.postgres.pool import FreshPool
from infrastructure.queues.careful_consumer import CarefulConsumer, InHand
from infrastructure.queues.dramatiq_queue import QUEUES, DramatiqQueue

CONNECTIONS = 10

_WAITING = "SELECT count(*) FROM dramatiq.queue WHERE state = 'queued' AND queue_name = ANY(%s)"
_SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM dramatiq.queue WHERE state = 'queued' AND queue_name = %s)"
_HAND_BACK = """
UPDATE dramatiq.queue SET state = 'queued', worker_id = NULL, consumed_at = NULL, mtime = now()
WHERE state = 'consumed' AND worker_id = %s AND queue_name = %s AND message_id <> ALL(%s::uuid[])
"""


def create_schema(connection: psycopg.Connection[Any]) -> None:
    """Make the tables of the queue where they are missing, in the transaction at hand."""
    with connection.cursor(row_factory=tuple_row) as cursor:  # the library unpacks rows
        schema.init(cursor)


def has_schema(connection: psycopg.Connection[Any]) -> bool:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return bool(schema.schema_exists(cursor))


class DatabaseQueue(DramatiqQueue):
    def __init__(self, url: str, *, epoch: str, worker_dead_seconds: float = 60.0) -> None:
        """`epoch` is that of the log: messages are lost only when the whole database is put back.

        A worker that is silent for `worker_dead_seconds` has died: others are given what it has taken.
        """
        self._epoch = epoch
        self._pool = _Pool(
            kwargs=link(url),
            configure=_configure,
            min_size=0,
            max_size=CONNECTIONS,
            timeout=POOL_SECONDS,
            reconnect_timeout=1,  # else a long outage makes it wait for minutes between tries
            open=True,
        )
        self._careful_broker = _Broker(self._pool, worker_dead_seconds)
        super().__init__(self._careful_broker)

    def epoch(self) -> str:
        return self._epoch

    def waiting(self) -> int:
        with _queue_errors(), self._pool.connection() as connection:
            (waiting,) = connection.execute(_WAITING, (list(QUEUES),)).fetchone() or (0,)
            return int(waiting)

    def enqueue(self, *, slug: str, job_id: UUID, attempt: int, priority: Priority) -> None:
        with _queue_errors():
            super().enqueue(slug=slug, job_id=job_id, attempt=attempt, priority=priority)

    def _take_no_more(self) -> None:
        self._careful_broker.in_hand.is_full = True

    def close(self) -> None:
        super().close()
        self._pool.close()


@contextmanager
def _queue_errors() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, BrokerConnectionError) as error:
        raise QueueUnavailable(reason(error)) from error


class _NoConnection(PoolClosed):
    """The one kind of error after which the library does not try again, ten times and for minutes: our
    dispatcher and dramatiq's worker try again themselves, and meanwhile notice that they are to stop."""


class _Pool(FreshPool[psycopg.Connection]):
    def getconn(self, timeout: float | None = None) -> psycopg.Connection:
        try:
            return super().getconn(timeout)
        except PoolTimeout as error:
            raise _NoConnection(f"PostgreSQL gave no connection in {self.timeout:g} s") from error


def _configure(connection: psycopg.Connection) -> None:
    connection.autocommit = True
    connection.execute(SESSION)


class _Broker(PostgresBroker):  # type: ignore[misc] # the library has no types
    def __init__(self, pool: _Pool, worker_dead_seconds: float) -> None:
        super().__init__(
            pool=pool,
            middleware=[],
            results=False,
            listen=False,
            notify=False,
            heartbeat_interval=worker_dead_seconds / 4,
            heartbeat_ttl=worker_dead_seconds,
            maintenance_interval=worker_dead_seconds / 2,
        )
        self.in_hand = InHand()

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Without the library's retries, see `_NoConnection`: they would also go on for any other error."""
        enqueued: Message[Any] = PostgresBroker.enqueue.__wrapped__(self, message, delay=delay)
        return enqueued

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 30_000) -> "_Consumer":
        return _Consumer(
            broker=self,
            queue_name=queue_name,
            threads=prefetch,
            timeout=timeout,
            idle_seconds=timeout / 1_000,
        )


class _Consumer(CarefulConsumer, PostgresConsumer):  # type: ignore[misc] # the library has no types
    broker: _Broker

    @property
    def in_hand(self) -> InHand:
        return self.broker.in_hand

    def id_of(self, message: Message[Any] | MessageProxy) -> str:
        return message.message_id

    def fetch(self, count: int) -> None:
        self.stay_alive()  # first: what an unknown worker has taken is given to others
        self.claim(count)

    def fetched(self) -> list[Message[Any]]:
        return list(self.buffer)

    def somebody_waits(self, priority: Priority) -> bool:
        (waits,) = self.get_consume_conn().execute(_SOMEBODY_WAITS, (priority,)).fetchone()
        return bool(waits)

    def stay_alive(self) -> None:
        self.broker.maybe_heartbeat(self.get_consume_conn())

    def hand_back_all_but(self, ids: set[str]) -> None:
        self.get_consume_conn().execute(_HAND_BACK, (self.broker.worker_id, self.queue_name, list(ids)))

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise BrokerConnectionError(str(error)) from None  # type: ignore[no-untyped-call]
