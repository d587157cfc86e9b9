"""The file beside the event store that holds what can be made again: views, dispatches, heartbeats.

It is a file of its own so that folding never waits for an append or the other way round. A commit here is
not synced to disk: after a power cut the views are older than the log, and follow it from where they are.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from eventsourcing.persistence import PersistenceError, Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteTrackingRecorder

from application.errors import ViewMoved, store_errors
from infrastructure.errors import StoreNotUsable
from infrastructure.sqlite.datastore import WalDatastore
from infrastructure.sqlite.failures import DIRECTORY_IN_ITS_PLACE, is_damaged, reason

SCHEMA_VERSION = 6

_SOURCES = "CREATE TABLE sources (log_epoch TEXT PRIMARY KEY);"


class ViewStore:
    """Connections to the file, and the transactions in which rows and tracking move together."""

    def __init__(self, path: Path) -> None:
        self._datastore = WalDatastore(str(path), if_damaged=_if_damaged(path), synchronous="NORMAL")
        self._tracking = SQLiteTrackingRecorder(self._datastore)

    @contextmanager
    def reading(self) -> Iterator[SQLiteCursor]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        with store_errors(), self._datastore.immediate() as cursor:
            yield cursor

    @contextmanager
    def folding(self, view: str, *, after: int, up_to: int) -> Iterator[SQLiteCursor]:
        """A transaction that begins by moving a view's position. Raises ViewMoved, StoreUnavailable."""
        with self.writing() as cursor:
            if (self._tracking._max_tracking_id(view, cursor) or 0) != after:
                raise ViewMoved(view)
            self._tracking._insert_tracking(cursor, Tracking(view, up_to))
            yield cursor

    def position(self, view: str) -> int:
        with store_errors():
            return self._tracking.max_tracking_id(view) or 0

    def create_tracking(self) -> None:
        self._tracking.create_table()

    def close(self) -> None:
        self._datastore.close()


def open_view_store(path: Path, *, log_epoch: str, log_head: int, schemas: Sequence[str]) -> ViewStore:
    """Open the file, made anew when it is missing, damaged, of another schema, or not folded from this log.

    Raises StoreNotUsable.
    """
    if path.is_dir():
        raise StoreNotUsable(str(path), DIRECTORY_IN_ITS_PLACE)
    try:
        if path.exists() and not _belongs_to(path, log_epoch, log_head):
            for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                file.unlink(missing_ok=True)
        if not path.exists():
            _create(path, log_epoch, schemas)
    except (OSError, sqlite3.Error) as error:
        raise StoreNotUsable(str(path), reason(error, path, if_damaged=_if_damaged(path))) from error
    store = ViewStore(path)
    try:
        store.create_tracking()
    except PersistenceError as error:
        store.close()
        raise StoreNotUsable(str(path), str(error)) from error
    return store


def _if_damaged(path: Path) -> str:
    return f"{path.name} is damaged; start the service again, and it is made anew from the events"


def _create(path: Path, log_epoch: str, schemas: Sequence[str]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("BEGIN;" + "".join((_SOURCES, *schemas)))
        connection.execute("INSERT INTO sources VALUES (?)", (log_epoch,))
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.commit()


def _belongs_to(path: Path, log_epoch: str, log_head: int) -> bool:
    """A view beyond the head was folded from a log that has since been replaced by an older copy.

    Raises sqlite3.OperationalError when the file could not be read, which says nothing about what is in it.
    """
    if is_damaged(path):
        return False
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if not {"sources", "tracking"} <= tables:
            return False
        sources = connection.execute("SELECT log_epoch FROM sources").fetchall()
        position = connection.execute("SELECT max(notification_id) FROM tracking").fetchone()
    return version == SCHEMA_VERSION and sources == [(log_epoch,)] and (position[0] or 0) <= log_head
