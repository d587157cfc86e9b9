"""Sessions on PostgreSQL hold nobody up for long, whatever happens to who has opened them."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper

from application.errors import StoreUnavailable
from infrastructure.postgres.columns import Insert
from infrastructure.postgres.datastore import Datastore
from infrastructure.queues.database import DatabaseQueue
from tests.support.process import wait_until
from tests.support.servers import Postgres

LIMITS = {
    "idle_in_transaction_session_timeout": "5s",
    "lock_timeout": "5s",
    "statement_timeout": "30s",
}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home))
        server.start()
        server.execute("CREATE TABLE films (title text)")
        yield server
        server.stop()


def _sessions(server: Postgres, state: str) -> int:
    ((sessions,),) = server.execute(
        f"SELECT count(*) FROM pg_stat_activity WHERE application_name = 'moviemind' AND state = '{state}'"
    )
    return int(sessions)


def test_a_transaction_that_goes_silent_is_ended(server: Postgres) -> None:
    with (
        closing(Datastore(server.url())) as datastore,
        suppress(StoreUnavailable),
        datastore.writing() as cursor,
    ):
        cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
        Insert("films", ["title"]).run(cursor, [["Heat"], ["Alien"]])

        wait_until(lambda: _sessions(server, "idle in transaction") == 0, "it is ended", 10)

    assert server.execute("SELECT * FROM films") == []


class _Frozen(str):
    """A title at which the client stops until it has been given up."""

    given_up: Callable[[], bool]


class _FreezingDumper(StrDumper):
    def dump(self, obj: Any) -> Buffer | None:
        wait_until(obj.given_up, "the server gives up the client", 10)
        return super().dump(obj)


def test_a_client_that_is_frozen_among_its_rows_loses_its_transaction(server: Postgres) -> None:
    late = _Frozen("Alien")
    late.given_up = lambda: _sessions(server, "active") + _sessions(server, "idle in transaction") == 0

    def write(datastore: Datastore) -> None:
        with datastore.writing() as cursor:
            cursor.adapters.register_dumper(_Frozen, _FreezingDumper)
            cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
            Insert("films", ["title"]).run(cursor, [["Heat"], [late]])

    with closing(Datastore(server.url())) as datastore, pytest.raises(StoreUnavailable):
        write(datastore)
    assert server.execute("SELECT * FROM films") == []


def test_more_rows_than_a_statement_takes_are_several_statements(server: Postgres) -> None:
    with closing(Datastore(server.url())) as datastore, datastore.writing() as cursor:
        cursor.execute("CREATE TABLE numbers (number integer PRIMARY KEY, again integer)")
        Insert("numbers", ["number", "again"], key="number").run(cursor, [(n, n) for n in range(40_000)])

    assert server.execute("SELECT count(*), sum(again) FROM numbers") == [(40_000, 799_980_000)]


def test_the_server_asks_whether_a_silent_client_is_still_there(server: Postgres) -> None:
    """Those of a host that is gone would use up its sessions."""
    with closing(Datastore(server.url())) as datastore, datastore.reading() as cursor:
        cursor.execute("SHOW tcp_keepalives_idle")
        assert cursor.fetchone() == {"tcp_keepalives_idle": "5"}


@pytest.mark.parametrize(("limit", "value"), LIMITS.items())
def test_a_session_of_any_pool_has_limits(server: Postgres, limit: str, value: str) -> None:
    with closing(Datastore(server.url())) as datastore, datastore.reading() as cursor:
        cursor.execute(f"SHOW {limit}")
        of_the_store = cursor.fetchone()
    with (
        closing(DatabaseQueue(server.url(), epoch="of-the-log")) as queue,
        queue._pool.connection() as connection,
    ):
        of_the_queue = connection.execute(f"SHOW {limit}").fetchone()

    assert of_the_store == {limit: value}
    assert of_the_queue == (value,)
