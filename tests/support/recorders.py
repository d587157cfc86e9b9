"""Event recorders over real databases, each empty at first, that can be opened again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.persistence import ApplicationRecorder, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from infrastructure.postgres import schema
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from infrastructure.sqlite.event_store import EventStoreFactory, environment, prepare
from tests.support.servers import Postgres

KINDS = ("sqlite", "postgresql", "stock")
"""`stock` is the library's own recorder for PostgreSQL."""

OpenRecorder = Callable[[], ApplicationRecorder]

_numbers = count(1)


def stored(
    version: int = 1, *, stream: UUID | None = None, topic: str = "topic", state: bytes = b"{}"
) -> StoredEvent:
    return StoredEvent(originator_id=stream or uuid4(), originator_version=version, topic=topic, state=state)


@contextmanager
def sqlite_recorders(directory: Path) -> Iterator[OpenRecorder]:
    path = directory / "events.db"
    with ExitStack() as opened:

        def open_one() -> ApplicationRecorder:
            prepare(path)
            factory = EventStoreFactory(environment(path))
            opened.callback(factory.datastore.close)
            return factory.application_recorder()

        yield open_one


@contextmanager
def postgres_recorders(server: Postgres) -> Iterator[Callable[[], TransactionOrderedRecorder]]:
    with _database(server) as name, ExitStack() as opened:
        schema.create(server.url(name))

        def open_one() -> TransactionOrderedRecorder:
            datastore = Datastore(server.url(name))
            opened.callback(datastore.close)
            return TransactionOrderedRecorder(datastore)

        yield open_one


@contextmanager
def stock_recorders(server: Postgres) -> Iterator[OpenRecorder]:
    with _database(server) as name, ExitStack() as opened:

        def open_one() -> ApplicationRecorder:
            datastore = PostgresDatastore(name, "127.0.0.1", server.port, "postgres", "", pool_size=10)
            opened.callback(datastore.close)
            recorder = PostgresApplicationRecorder(datastore)
            recorder.create_table()
            return recorder

        yield open_one


@contextmanager
def _database(server: Postgres) -> Iterator[str]:
    name = f"events_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    try:
        yield name
    finally:
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
