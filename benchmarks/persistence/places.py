"""Where messages lie: looked at from beside, as no worker does."""

import json
from abc import ABC, abstractmethod
from contextlib import closing
from uuid import UUID

import psycopg

from infrastructure.queues import database
from infrastructure.queues.database import DatabaseQueue
from infrastructure.queues.dramatiq_queue import QUEUES, DramatiqQueue
from infrastructure.queues.redis import RedisQueue
from infrastructure.redis.client import connect
from tests.support.servers import Postgres, Redis

ALONE = "alone"
"""What the place of messages is called that nobody stands behind."""

TIMEOUT_SECONDS = 5.0

_QUEUED = "SELECT message->'args'->>1 FROM dramatiq.queue WHERE state = 'queued'"


class Place(ABC):
    @abstractmethod
    def make(self) -> None:
        """Where the server is new, and so has no place for messages."""

    @abstractmethod
    def open(self) -> DramatiqQueue:
        """The project's own queue over it; who opens it closes it."""

    @abstractmethod
    def job_ids(self) -> set[UUID]:
        """Of the messages that no worker has taken."""


class RedisPlace(Place):
    def __init__(self, server: Redis, namespace: str) -> None:
        self._server = server
        self._namespace = namespace

    def make(self) -> None:
        """A Redis needs nothing."""

    def open(self) -> DramatiqQueue:
        client = connect(self._server.url, timeout_seconds=TIMEOUT_SECONDS)
        return RedisQueue(client, namespace=self._namespace)

    def job_ids(self) -> set[UUID]:
        with closing(self._server.client()) as client:
            found = set[UUID]()
            for queue in QUEUES:
                ids = client.lrange(f"{self._namespace}:{queue}", 0, -1)
                messages = client.hmget(f"{self._namespace}:{queue}.msgs", ids) if ids else []
                found |= {UUID(json.loads(message)["args"][1]) for message in messages if message}
            return found


class DatabasePlace(Place):
    def __init__(self, server: Postgres, name: str) -> None:
        self._server = server
        self._name = name

    def make(self) -> None:
        self._server.execute(f"CREATE DATABASE {self._name}")
        with psycopg.connect(self._server.url(self._name)) as connection:
            database.create_schema(connection)

    def open(self) -> DramatiqQueue:
        return DatabaseQueue(self._server.url(self._name), epoch="benchmark")

    def job_ids(self) -> set[UUID]:
        return {UUID(job_id) for (job_id,) in self._server.execute(_QUEUED, self._name)}
