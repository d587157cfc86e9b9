"""Whether a store on PostgreSQL can be written is answered in time, also by a server that answers nothing."""

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from application.errors import StoreUnavailable
from infrastructure.errors import StoreNotUsable
from infrastructure.postgres import event_store, schema
from infrastructure.postgres.datastore import CONNECTIONS, Datastore
from infrastructure.postgres.event_store import Probe
from tests.support.core import in_threads
from tests.support.process import wait_until
from tests.support.servers import Postgres

SOON_SECONDS = 6.0
NO_ANSWER = "it has not answered for"


@pytest.fixture
def server() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home))
        server.start()
        schema.create(server.url())
        yield server
        server.stop()


@pytest.fixture
def probe(server: Postgres) -> Iterator[Probe]:
    with closing(Datastore(server.url())) as datastore:
        yield Probe(datastore)


@pytest.fixture
def frozen(server: Postgres, probe: Probe, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """In the hands of a probe that has worked, and whose last answer is too old to be told again."""
    probe()
    monkeypatch.setattr(event_store, "LOOK_SECONDS", 0.0)
    server.freeze()
    yield server
    server.thaw()


def _refusal(probe: Probe) -> tuple[str, float]:
    """What it says, and after how many seconds."""
    asked_at = time.monotonic()
    with pytest.raises(StoreUnavailable) as refused:
        probe()
    return str(refused.value), time.monotonic() - asked_at


def _is_ready(probe: Probe) -> bool:
    try:
        probe()
    except StoreUnavailable:
        return False
    return True


def test_all_who_ask_a_server_that_hangs_are_told_so_in_time(frozen: Postgres, probe: Probe) -> None:
    """More than there are connections, twice: nobody waits for those who asked before."""
    for _ in range(2):
        refusals = in_threads(*[partial(_refusal, probe)] * 2 * CONNECTIONS)

        assert all(NO_ANSWER in reason for reason, _ in refusals), refusals
        assert max(seconds for _, seconds in refusals) < SOON_SECONDS


def test_a_server_that_hung_can_be_used_when_it_answers_again(frozen: Postgres, probe: Probe) -> None:
    _refusal(probe)

    frozen.thaw()

    wait_until(lambda: _is_ready(probe), "it is ready", SOON_SECONDS)
    for _ in range(CONNECTIONS):
        probe()


def test_a_table_that_somebody_has_locked_cannot_be_written(server: Postgres, probe: Probe) -> None:
    with psycopg.connect(server.url()) as other:
        other.execute("LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE")

        reason, seconds = _refusal(probe)
        with pytest.raises(StoreNotUsable, match="another session holds it up"):
            schema.status(server.url())

    assert "another session holds it up" in reason
    assert seconds < SOON_SECONDS
    probe()


def test_a_server_that_is_away_is_named_with_what_is_wrong(server: Postgres, probe: Probe) -> None:
    server.stop()

    reason, seconds = _refusal(probe)

    assert "onnection refused" in reason
    assert seconds < SOON_SECONDS
