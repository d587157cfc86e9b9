"""What only the queue in the database does."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import dict_row

from application.errors import QueueUnavailable
from infrastructure.queues.database import DatabaseQueue, create_schema, has_schema
from tests.conformance.queue_drivers import LOG_EPOCH, DatabasePlace, running, send
from tests.support.servers import Postgres


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[Postgres]:
    with running(Postgres) as server:
        yield server


@pytest.fixture
def place(postgres_server: Postgres) -> Iterator[DatabasePlace]:
    place = DatabasePlace(postgres_server)
    yield place
    place.close()


def test_a_server_that_is_away_is_told_within_seconds_and_without_its_password(place: DatabasePlace) -> None:
    place.url = place.url.replace("postgres@", "postgres:s3cret@")
    producer = place.open()
    place.server.stop()
    before = time.monotonic()

    with pytest.raises(QueueUnavailable, match="no connection") as refused:
        send(producer, "heat-1995")

    assert time.monotonic() - before < 10
    assert "s3cret" not in str(refused.value)
    place.server.start()


def test_a_database_without_the_tables_says_at_once_which_command_makes_them(
    postgres_server: Postgres,
) -> None:
    postgres_server.execute("CREATE DATABASE bare")
    queue = DatabaseQueue(postgres_server.url("bare"), epoch=LOG_EPOCH)
    before = time.monotonic()

    for ask in (queue.waiting, lambda: send(queue, "heat-1995")):
        with pytest.raises(QueueUnavailable, match="moviemind schema create"):
            ask()

    queue.close()
    assert time.monotonic() - before < 5, "nothing is tried again"


def test_the_tables_are_made_once(postgres_server: Postgres) -> None:
    postgres_server.execute("CREATE DATABASE fresh")
    with psycopg.connect(postgres_server.url("fresh"), row_factory=dict_row) as connection:
        assert not has_schema(connection)

        create_schema(connection)
        create_schema(connection)

        assert has_schema(connection)


def test_the_epoch_is_that_of_the_log(place: DatabasePlace) -> None:
    assert place.open().epoch() == LOG_EPOCH
