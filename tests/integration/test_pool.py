"""After a restart of PostgreSQL nobody meets the broken connections one by one."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.postgres.datastore import CONNECTIONS, Datastore
from tests.support.core import in_threads
from tests.support.servers import Postgres


@pytest.fixture
def server() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home))
        server.start()
        yield server
        server.stop()


def _fill(datastore: Datastore) -> None:
    """Have all its connections open, and idle."""
    together = threading.Barrier(CONNECTIONS)

    def use_one() -> None:
        with datastore.reading() as cursor:
            cursor.execute("SELECT")
            together.wait(10)

    in_threads(*[use_one] * CONNECTIONS)


def _end_all_sessions(server: Postgres) -> None:
    server.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )


def _kill_and_start(server: Postgres) -> None:
    server.kill9()
    server.start()


@pytest.mark.parametrize("fault", [Postgres.restart, _kill_and_start, _end_all_sessions])
def test_every_connection_that_was_broken_is_replaced_before_it_is_used(
    fault: Callable[[Postgres], None], server: Postgres
) -> None:
    with closing(Datastore(server.url())) as datastore:
        _fill(datastore)
        fault(server)

        for _ in range(3 * CONNECTIONS):
            with datastore.reading() as cursor:
                cursor.execute("SELECT 1 AS one")
                assert cursor.fetchone() == {"one": 1}
