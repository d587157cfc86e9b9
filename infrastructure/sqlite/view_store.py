"""The file beside the event store that holds what can be made again: views, dispatches, heartbeats.

It is a file of its own so that folding never waits for an append or the other way round. A commit here is
not synced to disk: after a power cut the views are older than the log, and follow it from where they are.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from eventsourcing.sqlite import SQLiteCursor

from application.errors import StoreUnavailable, ViewMoved, check_version, refused_rows, store_errors
from application.view import ViewStatus
from infrastructure.errors import StoreNotUsable
from infrastructure.sqlite.datastore import WalDatastore
from infrastructure.sqlite.failures import DIRECTORY_IN_ITS_PLACE, is_damaged, reason

SCHEMA_VERSION = 8

_SCHEMA = """
CREATE TABLE sources (log_epoch TEXT PRIMARY KEY);
CREATE TABLE tracking (
    view TEXT PRIMARY KEY, position INTEGER NOT NULL, version INTEGER NOT NULL,
    stopped_because TEXT
);
"""

_STATUS = "SELECT position, version, stopped_because FROM tracking WHERE view = ?"
_MOVE = "UPDATE tracking SET position = ?, stopped_because = NULL WHERE view = ?"
_STOP = "UPDATE tracking SET stopped_because = ? WHERE view = ? AND position = ?"


class ViewStore:
    """Connections to the file, and the transactions in which rows and tracking move together."""

    def __init__(self, path: Path) -> None:
        self._datastore = WalDatastore(str(path), if_damaged=_if_damaged(path), synchronous="NORMAL")

    @contextmanager
    def reading(self) -> Iterator[SQLiteCursor]:
        with store_errors(), self._datastore.transaction(commit=False) as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[SQLiteCursor]:
        with store_errors(), self._datastore.immediate() as cursor:
            yield cursor

    @contextmanager
    def folding(self, view: str, *, after: int, up_to: int, version: int) -> Iterator[SQLiteCursor]:
        """A transaction that begins by moving a view's position.

        Raises ViewMoved, ViewNeedsRebuild, ViewTooNew, RowsRefused, StoreUnavailable.
        """
        with refused_rows(view), self.writing() as cursor:
            status = _status(cursor, view, needed_version=version)
            check_version(view, status.version, version)
            if status.position != after:
                raise ViewMoved(view)
            cursor.execute(_MOVE, (up_to, view))
            yield cursor

    def position(self, view: str) -> int:
        return self.status(view, needed_version=0).position

    def status(self, view: str, *, needed_version: int) -> ViewStatus:
        with self.reading() as cursor:
            return _status(cursor, view, needed_version=needed_version)

    def stop(self, view: str, *, at: int, because: str) -> None:
        with self.writing() as cursor:
            cursor.execute(_STOP, (because, view, at))

    def close(self) -> None:
        self._datastore.close()


def open_view_store(
    path: Path, *, log_epoch: str, log_head: int, schemas: Sequence[str], versions: Mapping[str, int]
) -> ViewStore:
    """Open the file, made anew when it is missing, damaged, of another schema, or not folded from this log.

    `versions` are those of the views. Raises StoreNotUsable.
    """
    if path.is_dir():
        raise StoreNotUsable(str(path), DIRECTORY_IN_ITS_PLACE)
    try:
        if path.exists() and not _belongs_to(path, log_epoch, log_head, versions):
            for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
                file.unlink(missing_ok=True)
        if not path.exists():
            _create(path, log_epoch, schemas, versions)
    except (OSError, sqlite3.Error) as error:
        raise StoreNotUsable(str(path), reason(error, path, if_damaged=_if_damaged(path))) from error
    return open_view_store_beside(path)


def open_view_store_beside(path: Path) -> ViewStore:
    """Open the file as it is: a service is using it. Raises StoreNotUsable."""
    store = ViewStore(path)
    try:
        with store.writing():
            pass  # it can be
    except StoreUnavailable as error:
        store.close()
        raise StoreNotUsable(str(path), error.reason) from error
    return store


def _if_damaged(path: Path) -> str:
    return f"{path.name} is damaged; start the service again, and it is made anew from the events"


def _create(path: Path, log_epoch: str, schemas: Sequence[str], versions: Mapping[str, int]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("BEGIN;" + "".join((_SCHEMA, *schemas)))
        connection.executemany(
            "INSERT INTO tracking (view, position, version) VALUES (?, 0, ?)", versions.items()
        )
        connection.execute("INSERT INTO sources VALUES (?)", (log_epoch,))
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        connection.commit()


def _belongs_to(path: Path, log_epoch: str, log_head: int, versions: Mapping[str, int]) -> bool:
    """A view beyond the head was folded from a log that has since been replaced by an older copy.

    Raises sqlite3.OperationalError when the file could not be read, which says nothing about what is in it.
    """
    if is_damaged(path):
        return False
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
        if version != SCHEMA_VERSION or not {"sources", "tracking"} <= tables:
            return False
        sources = connection.execute("SELECT log_epoch FROM sources").fetchall()
        tracked = connection.execute("SELECT view, position, version FROM tracking").fetchall()
    tracked_views = {view: version for view, _, version in tracked if view in versions}
    is_of_this_log = sources == [(log_epoch,)] and all(position <= log_head for _, position, _ in tracked)
    return is_of_this_log and tracked_views == versions


def _status(cursor: SQLiteCursor, view: str, *, needed_version: int) -> ViewStatus:
    cursor.execute(_STATUS, (view,))
    return ViewStatus(view=view, needed_version=needed_version, **cursor.fetchone())
