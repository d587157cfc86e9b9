"""A backup holds every event, is never taken for whole when it is not, and is restored into empty stores."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from typing import cast
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from application.event_log import LogRecorder
from infrastructure.backup import EVENTS, MANIFEST, check_backup, restore_backup, write_backup
from infrastructure.errors import BackupNotUsable, BackupNotWritten, StoreHoldsOthers
from tests.support.recorders import postgres_recorders, sqlite_recorders, stored
from tests.support.servers import Postgres

COUNT = 1_234
NewStore = Callable[[], LogRecorder]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Empty stores of one kind."""
    with ExitStack() as stack:

        def open_one() -> LogRecorder:
            if request.param == "sqlite":
                directory = tmp_path / uuid4().hex
                directory.mkdir()
                return cast(LogRecorder, stack.enter_context(sqlite_recorders(directory))())
            server: Postgres = request.getfixturevalue("postgres_server")
            return stack.enter_context(postgres_recorders(server))()

        yield open_one


@pytest.fixture
def events() -> list[StoredEvent]:
    """Of streams that take turns, with text that is not ASCII."""
    streams = [uuid4() for _ in range(7)]
    states = ['{"title": "Amélie „Łódź“ 𝄞 \\u0000"}', "{}", '{"a": [1, 2.50, null]}']
    return [
        stored(1 + number // 7, stream=streams[number % 7], topic=f"topic-{number % 3}", state=state.encode())
        for number, state in zip(range(COUNT), cycle(states), strict=False)
    ]


@pytest.fixture
def backup(new_store: NewStore, events: list[StoredEvent], tmp_path: Path) -> Path:
    store = new_store()
    store.insert_events(events)
    write_backup(tmp_path / "backup", store, log_epoch="epoch")
    return tmp_path / "backup"


def _all(store: ApplicationRecorder) -> list[StoredEvent]:
    return [
        StoredEvent(n.originator_id, n.originator_version, n.topic, n.state)
        for n in store.select_notifications(None, 10_000)
    ]


def test_every_event_comes_back_byte_for_byte_and_in_order(
    backup: Path, new_store: NewStore, events: list[StoredEvent]
) -> None:
    store = new_store()

    assert restore_backup(backup, store) == COUNT

    assert _all(store) == events
    assert check_backup(backup).events == COUNT


def test_a_backup_of_one_kind_of_store_is_restored_into_the_other(
    events: list[StoredEvent], tmp_path: Path, postgres_server: Postgres
) -> None:
    with postgres_recorders(postgres_server) as opens, sqlite_recorders(tmp_path) as opens_sqlite:
        production, embedded = opens(), opens_sqlite()
        production.insert_events(events)
        write_backup(tmp_path / "backup", production, log_epoch="epoch")

        restore_backup(tmp_path / "backup", embedded)

        assert _all(embedded) == events


def test_an_empty_log_has_a_backup_too(new_store: NewStore, tmp_path: Path) -> None:
    write_backup(tmp_path / "backup", new_store(), log_epoch="epoch")

    assert check_backup(tmp_path / "backup").events == 0
    assert restore_backup(tmp_path / "backup", new_store()) == 0


def test_what_is_appended_meanwhile_is_not_in_the_backup(
    new_store: NewStore, events: list[StoredEvent], tmp_path: Path
) -> None:
    """It would be a matter of luck which of two streams had its later event copied."""
    store = new_store()
    store.insert_events(events)
    late = iter([[stored()]])

    def append_one_more(_done: int) -> None:
        for event in next(late, []):
            store.insert_events([event])

    write_backup(tmp_path / "backup", store, log_epoch="epoch", progress=append_one_more)

    assert check_backup(tmp_path / "backup").events == COUNT
    assert len(_all(store)) == COUNT + 1


def test_a_log_that_is_held_back_has_no_backup(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed behind an open transaction was accepted, and cannot be read in order yet."""
    monkeypatch.setattr("infrastructure.backup.SETTLE_SECONDS", 0.1)
    with postgres_recorders(postgres_server) as open_one:
        store = open_one()
        with store.datastore.reading() as cursor:
            cursor.execute("SELECT current_database() AS name")
            ((database,),) = [row.values() for row in cursor.fetchall()]
        with psycopg.connect(postgres_server.url(database)) as other:
            other.execute("SELECT pg_current_xact_id()")
            other.execute("DELETE FROM stored_events WHERE false")
            store.insert_events([stored()])

            with pytest.raises(BackupNotWritten, match="a transaction that does not end holds the log back"):
                write_backup(tmp_path / "backup", store, log_epoch="epoch")
        assert write_backup(tmp_path / "backup", store, log_epoch="epoch").events == 1


def test_a_restore_that_was_cut_short_goes_on_where_it_stopped(
    backup: Path, new_store: NewStore, events: list[StoredEvent]
) -> None:
    store = new_store()

    class Killed(Exception):
        pass

    def die(done: int) -> None:
        if done:
            raise Killed

    with pytest.raises(Killed):
        restore_backup(backup, store, progress=die)
    there = len(_all(store))
    assert 0 < there < COUNT

    assert restore_backup(backup, store) == COUNT - there

    assert _all(store) == events


def test_a_store_with_other_events_is_left_as_it_is(backup: Path, new_store: NewStore) -> None:
    store = new_store()
    other = stored()
    store.insert_events([other])

    with pytest.raises(StoreHoldsOthers, match="restore into an empty store"):
        restore_backup(backup, store)

    assert _all(store) == [other]


def test_a_store_that_went_on_after_the_backup_is_left_as_it_is(
    backup: Path, new_store: NewStore, events: list[StoredEvent]
) -> None:
    store = new_store()
    store.insert_events([*events, stored()])

    with pytest.raises(StoreHoldsOthers):
        restore_backup(backup, store)


def _shorten(backup: Path) -> None:
    lines = gzip.decompress((backup / EVENTS).read_bytes()).splitlines(keepends=True)
    (backup / EVENTS).write_bytes(gzip.compress(b"".join(lines[:-1])))


def _change_a_byte(backup: Path) -> None:
    text = gzip.decompress((backup / EVENTS).read_bytes())
    (backup / EVENTS).write_bytes(gzip.compress(text.replace(b"Am\xc3\xa9lie", b"Am\xc3\xa8lie", 1)))


def _cut(backup: Path) -> None:
    (backup / EVENTS).write_bytes((backup / EVENTS).read_bytes()[:-100])


def _lose_the_manifest(backup: Path) -> None:
    (backup / MANIFEST).unlink()


def _break_the_manifest(backup: Path) -> None:
    (backup / MANIFEST).write_text('{"format": 1', encoding="utf-8")


def _come_from_the_future(backup: Path) -> None:
    manifest = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    (backup / MANIFEST).write_text(json.dumps(manifest | {"format": 2}), encoding="utf-8")


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_shorten, "its 1233 events are not the 1234"),
        (_change_a_byte, "its 1234 events are not the 1234"),
        (_cut, "events.ndjson.gz: "),
        (_lose_the_manifest, "manifest.json: No such file"),
        (_break_the_manifest, "manifest.json cannot be read"),
        (_come_from_the_future, "it has format 2, and this version reads 1"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused_with_the_reason(
    harm: Callable[[Path], None], reason: str, backup: Path
) -> None:
    harm(backup)

    with pytest.raises(BackupNotUsable, match=reason):
        check_backup(backup)


def test_whatever_byte_has_changed_is_noticed(backup: Path) -> None:
    whole = (backup / EVENTS).read_bytes()
    for place in range(40, len(whole), len(whole) // 50):  # behind its header: time and name
        (backup / EVENTS).write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(BackupNotUsable, match="events"):
            check_backup(backup)


def test_a_store_that_is_used_while_it_is_restored_is_told_of(backup: Path, new_store: NewStore) -> None:
    store = new_store()
    other = StoredEvent(uuid4(), 1, "movie-generation:MovieRegistered", b"{}")
    used: list[int] = []

    def use(done: int) -> None:
        used.append(done)
        if len(used) == 2:
            store.insert_events([other])

    with pytest.raises(StoreHoldsOthers):
        restore_backup(backup, store, progress=use)


def test_a_directory_that_is_not_empty_is_not_touched(backup: Path, new_store: NewStore) -> None:
    before = {path.name: path.read_bytes() for path in backup.iterdir()}

    with pytest.raises(BackupNotWritten, match="not empty"):
        write_backup(backup, new_store(), log_epoch="epoch")

    assert {path.name: path.read_bytes() for path in backup.iterdir()} == before


def test_nothing_is_left_of_a_backup_that_fails(
    new_store: NewStore, events: list[StoredEvent], tmp_path: Path
) -> None:
    store = new_store()
    store.insert_events(events)

    def fail(_done: int) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(BackupNotWritten, match="No space left"):
        write_backup(tmp_path / "backup", store, log_epoch="epoch", progress=fail)

    assert not (tmp_path / "backup").exists()
