"""The lab counts each exchange with a server once, whatever is sent in it."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from benchmarks.locking.redis_lock import RELEASE, connect
from benchmarks.locking.round_trips import Trips, count_round_trips, count_statements, of_process, so_far
from tests.support.servers import Postgres, Redis


def _trips(step: Callable[[], object]) -> Trips:
    before = so_far()
    step()
    return so_far() - before


@pytest.fixture(scope="module", autouse=True)
def _counting() -> None:
    count_round_trips()
    count_round_trips()  # which does not count twice


@pytest.fixture
def session(postgres_server: Postgres) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_server.url(), autocommit=True) as session:
        yield session


def test_a_statement_is_one(session: psycopg.Connection) -> None:
    assert _trips(lambda: session.execute("SELECT %s", (1,)).fetchall()) == Trips(database=1)


def test_a_transaction_begins_and_ends_with_one_each(session: psycopg.Connection) -> None:
    def transact() -> None:
        with session.transaction():
            session.execute("SELECT 1")

    assert _trips(transact) == Trips(database=3)


def test_a_command_a_script_and_a_pipeline_of_redis_are_one_each(tmp_path: Path) -> None:
    server = Redis(tmp_path)
    server.start()
    try:
        with closing(connect(server.url)) as client:
            client.ping()  # connects
            with client.pipeline(transaction=False) as commands:
                commands.set("a", 1)
                commands.set("b", 2)
                assert _trips(commands.execute) == Trips(redis=1)
            assert _trips(lambda: client.get("a")) == Trips(redis=1)
            assert _trips(lambda: client.eval(RELEASE, 1, "a", "1")) == Trips(redis=1)
    finally:
        server.stop()


def test_a_statement_of_sqlite_is_one() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as file:
        count_statements(file)

        assert _trips(lambda: file.execute("SELECT 1").fetchall()) == Trips(database=1)


def test_those_of_other_threads_are_the_processs_and_not_ours(session: psycopg.Connection) -> None:
    def beside() -> None:
        thread = Thread(target=lambda: session.execute("SELECT 1"))
        thread.start()
        thread.join()

    before = of_process()

    assert _trips(beside) == Trips()
    assert of_process() - before == Trips(database=1)
