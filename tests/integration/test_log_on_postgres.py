"""The log on PostgreSQL: writers do not wait for one another, and followers see every event once in order."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import DatabaseError, IntegrityError, Notification

from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.positions import MOST_EVENTS, ORDINAL_BITS
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from tests.support.process import wait_until
from tests.support.proxy import Proxy
from tests.support.recorders import postgres_recorders, stored
from tests.support.servers import Postgres

WRITERS, EVENTS = 6, 20_400
APPENDS_ACROSS = 120
STALLED = (
    "INSERT INTO stored_events SELECT gen_random_uuid(), 1, 'stalled', '',"
    f" ((pg_current_xact_id()::text::bigint) << {ORDINAL_BITS}) | 1"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home), "max_prepared_transactions=4")
        server.start()
        yield server
        server.stop()


@pytest.fixture
def open_recorder(server: Postgres) -> Iterator[Callable[[], TransactionOrderedRecorder]]:
    with postgres_recorders(server) as opens:
        yield opens


@pytest.fixture
def recorder(open_recorder: Callable[[], TransactionOrderedRecorder]) -> TransactionOrderedRecorder:
    return open_recorder()


def _database(recorder: TransactionOrderedRecorder) -> str:
    with recorder.datastore.reading() as cursor:
        cursor.execute("SELECT current_database() AS name")
        row = cursor.fetchone()
        assert row is not None
        name: str = row["name"]
        return name


def _session(server: Postgres, recorder: TransactionOrderedRecorder) -> psycopg.Connection:
    """A client of its own, in a transaction."""
    return psycopg.connect(server.url(_database(recorder)))


def _topics(recorder: TransactionOrderedRecorder) -> list[str]:
    return [n.topic for n in recorder.select_notifications(None, 100)]


def test_a_follower_under_load_sees_every_event_once_and_in_order(
    server: Postgres, open_recorder: Callable[[], TransactionOrderedRecorder]
) -> None:
    """While one writer stalls before its commit, and others' transactions stay open for the whole time."""
    recorder = open_recorder()
    recorder.insert_events([stored()])
    seen: list[Notification] = []
    with _session(server, recorder) as foreign, _session(server, recorder) as prepared:
        foreign.execute("CREATE TABLE of_somebody_else ()")
        prepared.execute("CREATE TABLE of_another (); PREPARE TRANSACTION 'left open'")
        with _session(server, recorder) as stalled:
            stalled.execute(STALLED)
            follower = threading.Thread(target=_follow, args=(open_recorder(), EVENTS + 2, seen))
            follower.start()
            writers = [threading.Thread(target=_write, args=(recorder,)) for _ in range(WRITERS)]
            for writer in writers:
                writer.start()
            wait_until(lambda: recorder.count_after(0, at_most=EVENTS) > EVENTS // 2, "half is written")
            assert len(seen) == 1, "what comes behind the stalled writer's position waits for it"
            stalled.commit()
        follower.join(120)
        for writer in writers:
            writer.join()
        foreign.rollback()
    with closing(psycopg.connect(server.url(_database(recorder)), autocommit=True)) as session:
        session.execute("ROLLBACK PREPARED 'left open'")

    assert len(seen) == EVENTS + 2
    assert all(earlier.id < later.id for earlier, later in pairwise(seen))
    assert {n.id for n in seen} == {n.id for n in recorder.select_notifications(None, EVENTS + 10)}
    assert "stalled" in {n.topic for n in seen}


def _write(recorder: TransactionOrderedRecorder) -> None:
    for _ in range(EVENTS // WRITERS // 2):
        stream = uuid4()
        recorder.insert_events([stored(1, stream=stream), stored(2, stream=stream)])


def _follow(recorder: TransactionOrderedRecorder, events: int, seen: list[Notification]) -> None:
    with recorder.subscribe() as subscription:
        for notification in subscription:
            seen.append(notification)
            if len(seen) == events:
                return


def test_a_prepared_transaction_that_wrote_events_holds_followers_until_it_ends(
    server: Postgres, recorder: TransactionOrderedRecorder
) -> None:
    with _session(server, recorder) as prepared:
        prepared.execute(STALLED)
        prepared.execute("PREPARE TRANSACTION 'undecided'")
    recorder.insert_events([stored(topic="later")])
    assert _topics(recorder) == []
    assert recorder.max_notification_id() is None, "a follower must not begin behind what is still to come"
    assert recorder.committed_head() is not None

    with closing(psycopg.connect(server.url(_database(recorder)), autocommit=True)) as session:
        session.execute("COMMIT PREPARED 'undecided'")

    assert _topics(recorder) == ["stalled", "later"]


def test_writers_of_another_database_hold_nobody_up(
    server: Postgres, recorder: TransactionOrderedRecorder
) -> None:
    """A copy of a database has tables of the same numbers."""
    name = _database(recorder)
    recorder.datastore.pool.close()
    server.execute(f"CREATE DATABASE copy TEMPLATE {name}")
    with (
        closing(psycopg.connect(server.url("copy"))) as other,
        closing(Datastore(server.url(name))) as datastore,
    ):
        other.execute(STALLED)
        ours = TransactionOrderedRecorder(datastore)
        ours.insert_events([stored(topic="ours")])

        assert _topics(ours) == ["ours"]
    server.execute("DROP DATABASE copy WITH (FORCE)")


def test_a_writer_whose_id_is_not_among_the_locks_yet_holds_followers_too(
    server: Postgres, recorder: TransactionOrderedRecorder
) -> None:
    """A transaction has its id an instant before it shows it there. A view in front of the locks makes the
    instant last."""
    name = _database(recorder)
    with _session(server, recorder) as stalled:
        pid = stalled.info.backend_pid
        server.execute("CREATE SCHEMA blind", name)
        server.execute(
            "CREATE VIEW blind.pg_locks AS SELECT * FROM pg_catalog.pg_locks"
            f" WHERE NOT (locktype = 'transactionid' AND pid = {pid})",
            name,
        )
        url = server.url(name) + "?options=-csearch_path%3Dblind,pg_catalog,public"
        stalled.execute(STALLED)
        recorder.insert_events([stored(topic="later")])
        with closing(Datastore(url)) as datastore:
            follower = TransactionOrderedRecorder(datastore)
            assert _topics(follower) == []
            stalled.commit()
            assert _topics(follower) == ["stalled", "later"]


def test_followers_cross_the_wrap_of_transaction_ids() -> None:
    """Locks show the low 32 bits of an id only: those just before the wrap look larger than those after."""
    with TemporaryDirectory(prefix="moviemind-wrap-") as home:
        server = Postgres(Path(home))
        _go_near_the_wrap(server)
        with postgres_recorders(server) as opens:
            recorder = opens()
            recorder.insert_events([stored(topic="before")])
            with _session(server, recorder) as stalled:
                stalled.execute(STALLED)
                for _ in range(APPENDS_ACROSS):
                    recorder.insert_events([stored(topic="after")])
                assert _topics(recorder) == ["before"]
                stalled.commit()
            ids = [n.id >> ORDINAL_BITS for n in recorder.select_notifications(None, 1_000)]
            assert min(ids) < 1 << 32 < max(ids)
            assert _topics(recorder)[:3] == ["before", "stalled", "after"]
            assert len(ids) == 2 + APPENDS_ACROSS
        server.stop()


def _go_near_the_wrap(server: Postgres) -> None:
    """The rows there are must be older than every id, and the file that tells whether an id has committed
    must exist."""
    server.start()
    server.run("vacuumdb", "--all", "--freeze", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres")
    server.stop()
    near = (1 << 32) - 100
    segment = server.data / "pg_xact" / f"{near >> 20:04X}"
    segment.write_bytes(bytes(256 * 1024))
    segment.chmod(0o666)
    server.run("pg_resetwal", "-f", "-u", str(near), "-x", str(near), str(server.data))
    server.start()


@pytest.fixture
def proxied(
    server: Postgres, recorder: TransactionOrderedRecorder
) -> Iterator[tuple[Proxy, TransactionOrderedRecorder]]:
    """A recorder that reaches the same log through a proxy."""
    proxy = Proxy(server.port)
    url = proxy.towards(server.url(_database(recorder)))
    with closing(Datastore(url)) as datastore:
        ours = TransactionOrderedRecorder(datastore)
        ours.insert_events([stored(topic="first")])
        yield proxy, ours
    proxy.close()


@pytest.mark.parametrize("what", ["request", "answer"])
def test_an_append_whose_line_is_cut_happens_once_and_is_told_so(
    what: str, proxied: tuple[Proxy, TransactionOrderedRecorder], recorder: TransactionOrderedRecorder
) -> None:
    proxy, ours = proxied
    stream = uuid4()
    events = [stored(1, stream=stream), stored(2, stream=stream)]
    cut = proxy.cut_next(what, at=stream.hex.encode())  # type: ignore[arg-type]

    ids = ours.insert_events(events)

    assert cut.is_set()
    assert list(recorder.select_events(stream)) == events
    assert [n.id for n in recorder.select_notifications(None, 10)][1:] == list(ids)


def test_an_append_whose_line_is_cut_is_refused_when_another_was_quicker(
    proxied: tuple[Proxy, TransactionOrderedRecorder], recorder: TransactionOrderedRecorder
) -> None:
    proxy, ours = proxied
    theirs = stored(1, stream=uuid4(), state=b"theirs")
    recorder.insert_events([theirs])
    cut = proxy.cut_next("request", at=theirs.originator_id.hex.encode())  # type: ignore[union-attr]

    with pytest.raises(IntegrityError):
        ours.insert_events([stored(1, stream=theirs.originator_id, state=b"ours")])  # type: ignore[arg-type]

    assert cut.is_set()
    assert list(recorder.select_events(theirs.originator_id)) == [theirs]


def test_sessions_that_are_all_ended_by_the_server_are_replaced_unseen(
    server: Postgres, recorder: TransactionOrderedRecorder
) -> None:
    recorder.insert_events([stored()])
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )

    recorder.insert_events([stored()])

    assert len(recorder.select_notifications(None, 10)) == 2


def test_a_position_that_is_taken_is_no_version_conflict(recorder: TransactionOrderedRecorder) -> None:
    """Deciding again would not help, and would go on for ever."""
    with recorder.datastore.writing() as cursor:
        cursor.execute(
            "INSERT INTO stored_events SELECT gen_random_uuid(), 1, '', '',"
            f" (pg_current_xact_id()::text::bigint + ahead << {ORDINAL_BITS}) | 1"
            " FROM generate_series(1, 50) AS ahead"
        )

    with pytest.raises(DatabaseError, match="positions were given out twice") as error:
        recorder.insert_events([stored()])

    assert not isinstance(error.value, IntegrityError)


def test_more_events_than_there_are_ordinals_are_refused(recorder: TransactionOrderedRecorder) -> None:
    with pytest.raises(ValueError, match="at most 65535 events"):
        recorder.insert_events([stored()] * (MOST_EVENTS + 1))

    assert recorder.committed_head() is None


def test_as_many_events_as_there_are_ordinals_fit_into_one_append(
    recorder: TransactionOrderedRecorder,
) -> None:
    stream = uuid4()

    ids = recorder.insert_events([stored(version, stream=stream) for version in range(1, MOST_EVENTS + 1)])

    assert len({position >> ORDINAL_BITS for position in ids}) == 1
    assert recorder.max_notification_id() == ids[-1]
