"""A log whose database is put back or replaced by a standby: nobody goes on as if nothing had happened."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from eventsourcing.persistence import OperationalError, PersistenceError

from infrastructure.errors import StoreNotUsable
from infrastructure.postgres import schema
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.event_store import LogEpoch
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from tests.support.process import wait_until
from tests.support.recorders import stored
from tests.support.servers import Postgres

BEFORE = 300


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        Path(home).chmod(0o755)
        yield Path(home)


@pytest.fixture
def original(home: Path) -> Iterator[Postgres]:
    """A server whose log has events."""
    server = Postgres(home / "original", "wal_level=replica", "max_wal_senders=4")
    server.start()
    schema.create(server.url())
    _append(server, BEFORE)
    yield server
    server.stop()


def _append(server: Postgres, events: int) -> list[int]:
    """Returns the positions they were given."""
    with closing(Datastore(server.url())) as datastore:
        recorder = TransactionOrderedRecorder(datastore)
        return [recorder.insert_events([stored()])[0] for _ in range(events)]


def _read(server: Postgres, *, after: int = 0) -> list[int]:
    with closing(Datastore(server.url())) as datastore:
        found = TransactionOrderedRecorder(datastore).select_notifications(
            after, 10_000, inclusive_of_start=False
        )
        return [notification.id for notification in found]


def _is_refused(server: Postgres) -> None:
    with pytest.raises(StoreNotUsable, match="schema promote"):
        schema.check(server.url())
    with pytest.raises(OperationalError, match="schema promote"):
        _append(server, 1)
    with pytest.raises(OperationalError, match="schema promote"):
        _read(server)


def _goes_on_after(server: Postgres, head: int) -> None:
    """New events come behind everything there is, and a follower neither skips nor repeats any."""
    epoch = schema.check(server.url(), is_at_home=False)
    there_before = len(_rows(server))

    assert schema.promote(server.url()) != epoch

    assert schema.check(server.url()) != epoch
    new = _append(server, 50)
    assert min(new) > head
    assert _read(server, after=head) == new
    assert len(_read(server)) == there_before + 50


def _rows(server: Postgres) -> list[tuple[int]]:
    return server.execute("SELECT notification_id FROM stored_events ORDER BY 1")


def test_a_dump_restored_into_a_fresh_cluster_is_refused_until_it_is_promoted(
    home: Path, original: Postgres
) -> None:
    """There transaction ids begin anew, below those of the events."""
    head = _read(original)[-1]
    dump = str(original.home / "dump")
    to = ("-h", "127.0.0.1", "-U", "postgres", "-p")
    original.run("pg_dump", "-Fc", "-f", dump, *to, str(original.port), "postgres")
    fresh = Postgres(home / "fresh")
    fresh.start()
    try:
        fresh.run("pg_restore", "-d", "postgres", *to, str(fresh.port), dump)

        _is_refused(fresh)
        _goes_on_after(fresh, head)
    finally:
        fresh.stop()


def test_a_dump_restored_beside_the_original_is_refused_until_it_is_promoted(original: Postgres) -> None:
    """Ids go on there, and who holds a position of what came after the dump must be told."""
    dump = str(original.home / "dump")
    to = ("-h", "127.0.0.1", "-U", "postgres", "-p", str(original.port))
    original.run("pg_dump", "-Fc", "-f", dump, *to, "postgres")
    original.execute("CREATE DATABASE restored")

    original.run("pg_restore", "-d", "restored", *to, dump)

    url = original.url("restored")
    with pytest.raises(StoreNotUsable, match="schema promote"):
        schema.check(url)
    assert schema.promote(url) == schema.check(url) != schema.check(original.url())


def test_positions_that_were_set_back_are_refused(original: Postgres) -> None:
    original.execute("UPDATE log_epochs SET id_offset = -1000")

    with pytest.raises(StoreNotUsable, match="schema promote"):
        schema.check(original.url())


def test_a_standby_that_lagged_is_refused_until_it_is_promoted_here_too(
    home: Path, original: Postgres
) -> None:
    """It would give the events that it never saw the same positions a second time."""
    copy = home / "standby" / "data"
    to = ("-h", "127.0.0.1", "-U", "postgres", "-p", str(original.port))
    standby_home = home / "standby"
    standby_home.mkdir()
    standby_home.chmod(0o777)
    original.run("pg_basebackup", "-D", str(copy), "-R", "-c", "fast", *to)
    standby = Postgres(standby_home, data=copy)
    standby.start()
    try:
        seen = _append(original, 1)[0]
        wait_until(lambda: _rows(standby)[-1] == (seen,), "the standby has the newest event")
        with pytest.raises(PersistenceError, match="only be read"):
            _append(standby, 1)
        standby.execute("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'")
        standby.execute("SELECT pg_reload_conf()")
        wait_until(lambda: not original.execute("SELECT 1 FROM pg_stat_replication"), "it is cut off")
        _append(original, 5)
        original.kill9()
        standby.execute("SELECT pg_promote()")

        _is_refused(standby)
        assert _rows(standby)[-1] == (seen,)
        _goes_on_after(standby, seen)
    finally:
        standby.stop()


def test_a_service_that_runs_learns_of_a_new_epoch(original: Postgres) -> None:
    with closing(Datastore(original.url())) as datastore:
        known = LogEpoch(datastore, schema.check(original.url()))
        assert known() == schema.check(original.url())

        promoted = schema.promote(original.url())

        wait_until(lambda: known() == promoted, "the new epoch is known")
        original.stop()
        assert known() == promoted, "while the store is away it is the last one that was known"


def test_promoting_again_gives_yet_another_epoch_and_loses_no_position(original: Postgres) -> None:
    head = _read(original)[-1]

    _goes_on_after(original, head)
    _goes_on_after(original, _read(original)[-1])
