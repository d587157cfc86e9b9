"""What the tests of queues are told with: places where queues are opened, and runs that are recorded."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar
from uuid import UUID, uuid4

import dramatiq.worker
import psycopg
import pytest

from application.errors import StoreUnavailable
from domain.values import Priority
from infrastructure.queues import database
from infrastructure.queues.database import DatabaseQueue
from infrastructure.queues.dramatiq_queue import DramatiqQueue
from infrastructure.queues.embedded import EmbeddedQueue
from infrastructure.queues.redis import RedisQueue
from infrastructure.redis.client import connect
from tests.support.process import wait_until
from tests.support.servers import Postgres, Redis, Server

Queue = TypeVar("Queue", bound=DramatiqQueue)
Started = TypeVar("Started", bound=Server)

DEADLINE_SECONDS = 20.0
LOG_EPOCH = "epoch-of-the-log"
NAMESPACE = "moviemind:here"


class Runs:
    """What worker threads have done, film by film: `gate` holds runs until it is opened."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.threads: set[str] = set()
        self.job_ids: list[UUID] = []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, slug: str, job_id: UUID) -> None:
        self.begun.append(slug)
        self.threads.add(threading.current_thread().name)
        self.job_ids.append(job_id)
        if slug.startswith("broken"):
            raise RuntimeError("this run is broken")
        if slug.startswith("store-away"):
            raise StoreUnavailable("it is being restarted")
        assert self.gate.wait(DEADLINE_SECONDS)
        self.ended.append(slug)

    def wait_for_begun(self, count: int) -> None:
        wait_until(lambda: len(self.begun) >= count, f"{count} runs have begun", DEADLINE_SECONDS)

    def wait_for_ended(self, count: int) -> None:
        wait_until(lambda: len(self.ended) >= count, f"{count} runs have ended", DEADLINE_SECONDS)


def redis_queue(url: str, *, namespace: str = NAMESPACE, worker_dead_seconds: float = 60.0) -> RedisQueue:
    client = connect(url, timeout_seconds=5)
    return RedisQueue(client, namespace=namespace, worker_dead_seconds=worker_dead_seconds)


class Place(ABC):
    """Where queues are opened; those that were are stopped and closed by `close`."""

    server: Server
    url = ""

    def __init__(self) -> None:
        self._opened: list[DramatiqQueue] = []

    def open(self, *, worker_dead_seconds: float = 60.0) -> DramatiqQueue:
        """As another process would open it; the embedded queue is one process and always the same."""
        return self.adopt(self._open(worker_dead_seconds))

    def adopt(self, queue: Queue) -> Queue:
        """Close it with the others."""
        self._opened.append(queue)
        return queue

    def close(self) -> None:
        for queue in self._opened:
            queue.stop(timeout_seconds=DEADLINE_SECONDS)
            queue.close()

    def in_progress(self) -> int:
        """Messages that some worker has taken and not acked, as the server has noted it."""
        raise NotImplementedError

    @abstractmethod
    def _open(self, worker_dead_seconds: float) -> DramatiqQueue: ...


class EmbeddedPlace(Place):
    def _open(self, worker_dead_seconds: float) -> DramatiqQueue:
        return self._opened[0] if self._opened else EmbeddedQueue()


class RedisPlace(Place):
    """A Redis without data."""

    server: Redis

    def __init__(self, server: Redis) -> None:
        super().__init__()
        self.server = server
        self.url = server.url
        with closing(server.client()) as client:
            client.flushall()

    def in_progress(self) -> int:
        with closing(self.server.client()) as client:
            return sum(client.scard(acks) for acks in client.keys(f"{NAMESPACE}:__acks__.*"))

    def _open(self, worker_dead_seconds: float) -> DramatiqQueue:
        return redis_queue(self.url, worker_dead_seconds=worker_dead_seconds)


class DatabasePlace(Place):
    """A database of its own, with the tables of the queue."""

    server: Postgres

    def __init__(self, server: Postgres) -> None:
        super().__init__()
        self.server = server
        name = f"queue_{uuid4().hex}"
        server.execute(f"CREATE DATABASE {name}")
        self.url = server.url(name)
        with psycopg.connect(self.url) as connection:
            database.create_schema(connection)

    def in_progress(self) -> int:
        with psycopg.connect(self.url) as connection:
            rows = connection.execute("SELECT FROM dramatiq.queue WHERE state = 'consumed'").fetchall()
        return len(rows)

    def _open(self, worker_dead_seconds: float) -> DramatiqQueue:
        return DatabaseQueue(self.url, epoch=LOG_EPOCH, worker_dead_seconds=worker_dead_seconds)


def send(queue: DramatiqQueue, slug: str, priority: Priority = Priority.INTERACTIVE) -> UUID:
    """Returns the job id."""
    job_id = uuid4()
    queue.enqueue(slug=slug, job_id=job_id, attempt=1, priority=priority)
    return job_id


def wait_for_waiting(worker: DramatiqQueue, count: int) -> None:
    """Messages that no thread has begun. In one process the worker may have them in hand; where there are
    others they stay where all can take them."""
    assert worker._worker is not None
    in_hand = worker._worker.work_queue

    def waits() -> bool:
        if isinstance(worker, EmbeddedQueue):
            return in_hand.qsize() == count
        return worker.waiting() == count and in_hand.empty()

    wait_until(waits, f"{count} messages wait", DEADLINE_SECONDS)


@contextmanager
def running(kind: type[Started]) -> Iterator[Started]:
    """A server in a directory that also a server that does not run as root may enter."""
    with TemporaryDirectory(prefix="moviemind-queues-") as home:
        Path(home).chmod(0o755)
        server = kind(Path(home) / "server")
        try:
            server.start()
            yield server
        finally:
            server.stop()


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """dramatiq waits for seconds before it tries a lost connection again; these tests do not."""
    monkeypatch.setattr(dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.1)
    monkeypatch.setattr(dramatiq.worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.1)
