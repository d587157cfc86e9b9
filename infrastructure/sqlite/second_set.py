"""The second set of rows that a rebuild makes on SQLite: tables beside the live ones, in the same file.

A table of it is called as its view is, with something drawn by lot behind, and has a row in `tracking` under
that name. So no two rebuilds meet in one, whatever a rebuild that was killed has left is found and dropped by
the next, and indices, which keep the names they get, have names of their own.
"""

import fcntl
import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

from eventsourcing.sqlite import SQLiteCursor

from application.errors import StoreUnavailable
from application.rebuild import Comparison, RebuildUnderWay, SecondSet
from application.view import BatchRows, Key, Row, View
from infrastructure.sqlite.comparing import comparing
from infrastructure.sqlite.view_store import ViewStore
from infrastructure.sqlite.view_table import SqliteView
from infrastructure.table_view import TableView

ROWS_AT_ONCE = 1_000
"""To drop a large table takes as long as its pages are many, and all that while nobody else could write."""

BREATH_SECONDS = 0.02
"""Between transactions, at most. SQLite lets nobody queue: who waits for the file looks again after a while,
and must find it free some time."""

_TRACK = "INSERT INTO tracking (view, position, version) VALUES (?, 0, ?)"
_SWAPPED = """
UPDATE tracking SET position = ?, version = ?, stopped_because = NULL WHERE view = ?
"""
_PLACE = "*_" + 8 * "[0-9a-f]"
_LEFT = f"SELECT view FROM tracking WHERE view GLOB '{_PLACE}' OR view GLOB '{_PLACE}_old'"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name = ?1 OR name GLOB ?1 || '_[a-z]*')"


@contextmanager
def second_sets(store: ViewStore, path: Path, views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
    """`path` is that of the views. Raises RebuildUnderWay, StoreUnavailable."""
    with _alone(path):
        _drop(store, _left_by_others(store))
        second_set = SqliteSecondSet(store, views)
        try:
            yield second_set
        finally:
            with suppress(StoreUnavailable):  # then the next rebuild does it
                _drop(store, second_set.places)


class SqliteSecondSet(SecondSet):
    writers = 1
    turn = nullcontext()
    """Whoever folds is inside a transaction here, and must not wait for who reads the log."""

    def __init__(self, store: ViewStore, views: Sequence[View[Any, Any]]) -> None:
        self._store = store
        self._views = {view.name: cast(SqliteView[Any, Any], view) for view in views}
        self._copies = {name: _Copy(store, view) for name, view in self._views.items()}

    @property
    def places(self) -> list[str]:
        """Of its tables, and of those that were replaced."""
        return [place for copy in self._copies.values() for place in (copy.place, copy.replaced)]

    def of(self, view: View[Key, Row]) -> View[Key, Row]:
        return self._copies[view.name]

    def complete(self, view: View[Any, Any]) -> tuple[int, int]:
        copy = self._copies[view.name]
        with self._store.reading() as cursor:
            cursor.execute(f"SELECT count(*) FROM {copy.place}")
            return copy.written, cursor.fetchone()[0]

    def comparing(self, view: View[Any, Any]) -> AbstractContextManager[Comparison]:
        table, place = self._views[view.name].table, self._copies[view.name].place
        keys = [table.key] if table.beside is None else [table.key, table.beside.columns[:1]]
        tables = zip(table.names(view.name), table.names(place), keys, strict=True)
        return comparing(self._store, view.name, [*tables])

    def swap(self, view: View[Any, Any]) -> bool:
        place, replaced = self._copies[view.name].place, self._copies[view.name].replaced
        with self._store.writing() as cursor:
            position = _position(cursor, place)
            if position < _position(cursor, view.name):
                return False
            names = self._views[view.name].table.names
            for before, after in ((view.name, replaced), (place, view.name)):
                for old, new in zip(names(before), names(after), strict=True):
                    cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")
            cursor.execute("UPDATE tracking SET view = ? WHERE view = ?", (replaced, place))
            cursor.execute(_SWAPPED, (position, view.version, view.name))
        return True


class _Copy(TableView[Key, Row]):
    """A view whose rows are in a table of the second set."""

    def __init__(self, store: ViewStore, view: SqliteView[Key, Row]) -> None:
        super().__init__(store, _make_place(store, view), view.table)
        self.name, self.version = view.name, view.version
        self.replaced = f"{self.place}_old"
        self.written = 0
        self._took = 0.0

    @contextmanager
    def writing(self, keys: Collection[Key] = (), *, after: int, up_to: int) -> Iterator[BatchRows[Key, Row]]:
        time.sleep(min(self._took, BREATH_SECONDS))
        started = time.monotonic()
        with super().writing(keys, after=after, up_to=up_to) as rows:
            yield rows
        self.written += len(rows.new)
        self._took = time.monotonic() - started


def _make_place(store: ViewStore, view: SqliteView[Any, Any]) -> str:
    """A table, empty, and its row in tracking. Returns its name."""
    place = f"{view.name}_{secrets.token_hex(4)}"
    with store.writing() as cursor:
        for statement in view.table.schema.format(table=place).split(";"):
            cursor.execute(statement)
        cursor.execute(_TRACK, (place, view.version))
    return place


def _left_by_others(store: ViewStore) -> list[str]:
    """The places of rebuilds that have not ended in order: ours is the only one now."""
    with store.reading() as cursor:
        cursor.execute(_LEFT)
        return [row["view"] for row in cursor.fetchall()]


def _drop(store: ViewStore, places: Sequence[str]) -> None:
    tables = _tables_at(store, places)
    for table in tables:
        while _take_rows(store, table):
            pass
    with store.writing() as cursor:
        for table in tables:
            cursor.execute(f"DROP TABLE {table}")
        cursor.executemany("DELETE FROM tracking WHERE view = ?", [(place,) for place in places])


def _tables_at(store: ViewStore, places: Sequence[str]) -> list[str]:
    """Those called so, and those beside them."""
    found: dict[str, None] = {}
    with store.reading() as cursor:
        for place in places:
            cursor.execute(_TABLES, (place,))
            found.update(dict.fromkeys(row["name"] for row in cursor.fetchall()))
    return [*found]


def _take_rows(store: ViewStore, table: str) -> int:
    """How many were taken out of a table that nobody reads any more."""
    with store.writing() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} LIMIT {ROWS_AT_ONCE})")
        return cursor.sqlite_cursor.rowcount


def _position(cursor: SQLiteCursor, place: str) -> int:
    cursor.execute("SELECT position FROM tracking WHERE view = ?", (place,))
    position: int = cursor.fetchone()[0]
    return position


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """For as long as a process holds a lock. Raises RebuildUnderWay."""
    with path.with_suffix(".rebuild").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RebuildUnderWay from None
        yield
