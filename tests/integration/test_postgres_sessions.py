"""Sessions on PostgreSQL hold nobody up for long, whatever happens to who has opened them."""

from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import Datastore
from tests.support.process import wait_until
from tests.support.servers import Postgres


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


@pytest.mark.parametrize("films", [["Heat"], ["Heat", "Alien"]], ids=["one row", "many rows"])
def test_a_transaction_that_goes_silent_is_ended(server: Postgres, films: list[str]) -> None:
    with (
        closing(Datastore(server.url())) as datastore,
        suppress(StoreUnavailable),
        datastore.writing() as cursor,
    ):
        cursor.execute("SET idle_in_transaction_session_timeout = '200ms'")
        if len(films) == 1:
            cursor.execute("INSERT INTO films VALUES (%s)", films)
        else:
            cursor.executemany("INSERT INTO films VALUES (%s)", [(film,) for film in films])

        wait_until(lambda: _sessions(server, "idle in transaction") == 0, "it is ended", 10)

    assert server.execute("SELECT * FROM films") == []


def test_the_server_asks_whether_a_silent_client_is_still_there(server: Postgres) -> None:
    """Those of a host that is gone would use up its sessions."""
    with closing(Datastore(server.url())) as datastore, datastore.reading() as cursor:
        cursor.execute("SHOW tcp_keepalives_idle")
        assert cursor.fetchone() == {"tcp_keepalives_idle": "5"}
