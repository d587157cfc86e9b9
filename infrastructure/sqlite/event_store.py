"""The embedded event store: the library's SQLite recorder on one file.

The version check is the table's primary key (originator_id, originator_version): of two appends at one
version the second fails with SQLITE_CONSTRAINT_PRIMARYKEY, which the library raises as IntegrityError.
Commits are synced to disk (`synchronous=FULL`, SQLite's default).
"""

import secrets
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from pathlib import Path
from typing import cast
from uuid import UUID

from eventsourcing.persistence import PersistenceError, StoredEvent
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteFactory
from eventsourcing.utils import Environment, EnvType, get_topic

from application.errors import store_errors
from application.event_log import LogRecorder, Stored
from infrastructure.errors import SchemaTooNew, StoreNotUsable
from infrastructure.sqlite import api_keys, call_ledger, kept_answers, queue_switch, tallies
from infrastructure.sqlite.datastore import LOCK_TIMEOUT_SECONDS, OVERWRITES, WalDatastore
from infrastructure.sqlite.failures import DIRECTORY_IN_ITS_PLACE, explained, is_damaged, reason
from infrastructure.transcoder import QuickTranscoder

_STORED = """
SELECT rowid, CAST(originator_id AS TEXT), CAST(originator_version AS INTEGER), CAST(topic AS TEXT),
    coalesce(CAST(state AS BLOB), X'')
FROM {table} WHERE rowid > ? ORDER BY rowid LIMIT ?
"""
"""SQLite keeps values of any type in any column."""

_EPOCH = "SELECT epoch FROM log_epochs"

SCHEMA_VERSION = 2
OLDEST_WITH_SUCH_EVENTS = 1
"""From which on events stand as they do now, whatever else has changed beside them."""
PROBE_SECONDS = 1


class SqliteRecorder(SQLiteApplicationRecorder, LogRecorder):
    """Writers follow one another, so that what is committed can be read by followers at once."""

    def committed_head(self) -> int | None:
        return self.max_notification_id()

    def select_stored(self, position: int, limit: int, *, settled: bool) -> list[Stored]:  # noqa: ARG002 - all that is committed is
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(_STORED.format(table=self.events_table_name), (position, limit))
            return [Stored(row[0], _stream(row[1]), *row[2:]) for row in cursor.fetchall()]

    def select_first_events(self, originator_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        return [first for stream in originator_ids for first in self.select_events(stream, lte=1)]

    def count_after(self, position: int, *, at_most: int) -> int:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(
                f"SELECT count(*) FROM (SELECT 1 FROM {self.events_table_name} WHERE rowid > ? LIMIT ?)",
                (position, at_most),
            )
            return int(cursor.fetchone()[0])

    def count_before(self, position: int) -> int:
        with self.datastore.transaction(commit=False) as cursor:
            cursor.execute(f"SELECT count(*) FROM {self.events_table_name} WHERE rowid < ?", (position,))
            return int(cursor.fetchone()[0])


class EventStoreFactory(SQLiteFactory):
    """The library's factory over our datastore."""

    application_recorder_class = SqliteRecorder
    datastore: WalDatastore

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore.close()
        self._path = Path(self.datastore.pool.db_name)
        self.datastore = WalDatastore(str(self._path), if_damaged=_if_damaged(self._path), overwrites=True)

    def application_recorder(self) -> LogRecorder:
        """Makes the table of events if there is none. Raises StoreNotUsable."""
        try:
            return cast(LogRecorder, super().application_recorder())
        except PersistenceError as error:
            raise StoreNotUsable(str(self._path), str(error)) from error


def _stream(text: str) -> UUID:
    """The id of a stream; nil for one that streams are not looked for by."""
    try:
        stream = UUID(text)
    except ValueError:
        return UUID(int=0)
    return stream if stream.hex == text else UUID(int=0)


def environment(path: Path) -> dict[str, str]:
    """The library's configuration for this store."""
    return {
        "PERSISTENCE_MODULE": f"{EventStoreFactory.__module__}:{EventStoreFactory.__qualname__}",
        "TRANSCODER_TOPIC": get_topic(QuickTranscoder),
        "SQLITE_DBNAME": str(path),
    }


def prepare(path: Path) -> str:
    """Create the file if it is missing, take an older one to this version, and return the log's epoch. For
    whoever has the store alone: a service of an older version that runs would not know its tables again.

    The epoch is drawn once when a log begins. Positions given to the outside carry it, so that those of
    another log are recognised. A file that cannot be used is left as it is. Raises StoreNotUsable,
    SchemaTooNew.
    """
    try:
        if path.exists():
            _check(path)
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)) as connection:
            return _epoch(connection)
    except sqlite3.Error as error:
        raise StoreNotUsable(
            str(path), reason(error, path, if_damaged=_DAMAGED + _left_alone(path))
        ) from error


def epoch_beside(path: Path, *, oldest: int = SCHEMA_VERSION) -> str:
    """The epoch of a log that a service may be using, in a file of the version `oldest` at least. Nothing is
    written. Raises StoreNotUsable, SchemaTooNew."""
    if not path.exists():
        raise StoreNotUsable(str(path), "it is not there; name the data directory with --data-dir")
    try:
        found = _check(path)
        with closing(_reading(path)) as connection:
            row = connection.execute(_EPOCH).fetchone() if found >= oldest else None
    except sqlite3.Error as error:
        raise StoreNotUsable(str(path), reason(error, path, if_damaged=_if_damaged(path))) from error
    if row is None:
        raise StoreNotUsable(
            str(path),
            f"it is of version {found}, and {SCHEMA_VERSION} is needed; stop the service, and start it with"
            " this version of MovieMind, which makes it so",
        )
    epoch: str = row[0]
    return epoch


def probe(path: Path) -> None:
    """Write a page of the store with what stands in it already. Raises StoreUnavailable."""
    existing = path.resolve().as_uri() + "?mode=rw"
    with (
        store_errors(),
        explained(path, if_damaged=_if_damaged(path)),
        closing(
            sqlite3.connect(existing, uri=True, timeout=PROBE_SECONDS, isolation_level=None)
        ) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE log_epochs SET epoch = epoch")
        connection.execute("COMMIT")


def _check(path: Path) -> int:
    """The version of what is there. Raises StoreNotUsable, SchemaTooNew, sqlite3.Error."""
    if path.is_dir():
        raise StoreNotUsable(str(path), DIRECTORY_IN_ITS_PLACE)
    if path.stat().st_size == 0 and (left := _what_a_log_left_beside(path)):
        raise StoreNotUsable(str(path), f"it is empty, and {left.name} is not{_left_alone(path)}")
    if is_damaged(path):
        raise StoreNotUsable(str(path), _DAMAGED + _left_alone(path))
    with closing(_reading(path)) as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found > SCHEMA_VERSION:
        raise SchemaTooNew(str(path), found, SCHEMA_VERSION)
    return found


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path.resolve().as_uri() + "?mode=ro", uri=True, timeout=LOCK_TIMEOUT_SECONDS)


def _what_a_log_left_beside(path: Path) -> Path | None:
    """An empty file may be a first start that was cut short. Beside one of these it was a log: SQLite would
    delete the journal of an empty file, and we the views."""
    beside = (path.with_name(path.name + "-wal"), path.with_name(path.stem + "-views.db"))
    return next((file for file in beside if file.exists() and file.stat().st_size), None)


_DAMAGED = "it is damaged or no store of events"


def _left_alone(path: Path) -> str:
    return f"; nothing in it was changed: {_way_out(path)}"


def _if_damaged(path: Path) -> str:
    return f"{path.name} is damaged; stop the service, {_way_out(path)}"


def _way_out(path: Path) -> str:
    """A journal that is left behind would be played into the backup."""
    return f"move it away, with {path.name}-wal if there is one, and put a backup in its place"


def _epoch(connection: sqlite3.Connection) -> str:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute(OVERWRITES)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("CREATE TABLE IF NOT EXISTS log_epochs (epoch TEXT NOT NULL PRIMARY KEY)")
    row = connection.execute(_EPOCH).fetchone()
    epoch: str = row[0] if row else secrets.token_hex(4)
    if row is None:
        connection.execute("INSERT INTO log_epochs VALUES (?)", (epoch,))
    for table in (queue_switch, call_ledger, tallies, api_keys, kept_answers):
        for statement in table.SCHEMA.split(";"):  # executescript would commit
            connection.execute(statement)
    for single_row in (queue_switch, call_ledger):
        connection.execute(single_row.FIRST_ROW)
    api_keys.move_names(connection)
    connection.execute("COMMIT")
    return epoch
