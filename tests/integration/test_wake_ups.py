"""Who follows the log in another process is woken by an append, and does without when the bell is lost."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infrastructure.postgres.datastore import CONNECT_SECONDS
from infrastructure.postgres.wake_ups import CHANNEL, Bell, BellListener
from tests.support.process import wait_until
from tests.support.servers import Postgres

LISTENS = f"SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN {CHANNEL}'"


@pytest.fixture
def server() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home))
        server.start()
        yield server
        server.stop()


def test_a_bell_is_heard_elsewhere(server: Postgres) -> None:
    heard = threading.Event()
    with closing(Bell(server.url())) as bell, BellListener(server.url(), heard.set):
        wait_until(lambda: server.execute(LISTENS), "somebody listens")

        bell.ring()

        assert heard.wait(10)


def test_bell_and_listener_outlive_a_restart_of_the_server(server: Postgres) -> None:
    heard = threading.Event()
    with closing(Bell(server.url())) as bell, BellListener(server.url(), heard.set):
        wait_until(lambda: server.execute(LISTENS), "somebody listens")
        server.kill9()
        bell.ring()
        server.start()
        wait_until(lambda: server.execute(LISTENS), "somebody listens again")
        heard.clear()

        def is_heard() -> bool:
            bell.ring()
            return heard.wait(0.1)

        wait_until(is_heard, "it is heard again")


def test_a_bell_that_cannot_be_rung_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # is connected to, and says nothing
        _, port = mute.getsockname()
        with closing(Bell(f"postgresql://postgres@127.0.0.1:{port}/nowhere")) as bell:
            before = time.monotonic()
            for _ in range(1_000):
                bell.ring()
            took = time.monotonic() - before

    assert took < CONNECT_SECONDS / 2, "nobody has waited for a connection"
