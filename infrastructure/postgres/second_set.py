"""The second set of rows that a rebuild makes on PostgreSQL: tables beside the live ones, filled by COPY.

A table of it is called as its view is, with something drawn by lot behind, and has a row in `tracking` under
that name. So no two rebuilds meet in one, whatever a rebuild that was killed has left is found and dropped by
the next, and indices, which keep the names they get, have names of their own.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from threading import Lock
from typing import Any, cast

import psycopg
from psycopg.errors import LockNotAvailable

from application.errors import StoreUnavailable
from application.read_models import HistoryView, MoviesView
from application.rebuild import Comparison, RebuildFailed, RebuildUnderWay, SecondSet
from application.view import BatchRows, Key, Row, View
from infrastructure.postgres import view_store
from infrastructure.postgres.comparing import comparing
from infrastructure.postgres.datastore import NO_SYNC, Datastore, open_session
from infrastructure.postgres.failures import reason
from infrastructure.postgres.view_store import ViewStore
from infrastructure.postgres.view_table import PostgresView
from infrastructure.table_view import TableView

_LOCK = "SELECT pg_try_advisory_lock(hashtext('moviemind.rebuild'))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('moviemind.rebuild'))"
_PLACE = "_[0-9a-f]{8}(_old)?$"
_POSITIONS = "SELECT view, position FROM tracking WHERE view = ANY(%s) ORDER BY view FOR UPDATE"
_PATIENCE = "SET LOCAL lock_timeout = '100ms'"
"""Readers of the live table queue behind the swap for as long as it waits for those before it."""
_ALONE_WITH_IT = """
SET LOCAL lock_timeout = '2s';
LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE
"""
"""It ends a vacuum that PostgreSQL has begun by itself, which a shorter wait would not, and harms nobody."""
_INVERTED = """
SELECT index.relname FROM pg_index JOIN pg_class AS index ON index.oid = indexrelid
JOIN pg_am AS method ON method.oid = index.relam
WHERE indrelid = %s::regclass AND method.amname = 'gin'
"""
_GATHER = "ALTER INDEX {index} SET (fastupdate = on, gin_pending_list_limit = 4096)"
"""The entries of many rows, sorted and written together, cost half of what they cost row by row, and searches
look at all that wait: nobody searches these rows yet. Whoever finds a list full writes it in the middle of a
transaction: four megabytes are more than a batch has."""
_SORT_IN = "SELECT gin_clean_pending_list(%s::regclass)"
"""What a list has gathered. As a statement of its own it has no transaction id, so that followers of the log,
who wait for the oldest of those that write, do not wait for it."""
_GATHER_NO_MORE = "ALTER INDEX {index} SET (fastupdate = off), RESET (gin_pending_list_limit)"
_SWAPPED = """
UPDATE tracking SET position = %(position)s, version = %(version)s, stopped_because = NULL
WHERE view = %(view)s
"""

_FIRST = {HistoryView.name, MoviesView.name}
"""The views that take longest to write. Whoever is done before them only waits for them in the end."""

_LASTS = "UPDATE tracking SET position = position WHERE view = %s"
"""Of the row that a swap has renamed: it is there unless a crash has taken the swap back."""


@contextmanager
def second_sets(url: str, views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
    """Raises RebuildUnderWay, StoreUnavailable."""
    with _alone(url), closing(Datastore(url, connections=len(views) + 1)) as datastore:
        store = ViewStore(datastore)
        _drop(store, _left_by_others(store))
        second_set = PostgresSecondSet(store, views)
        try:
            yield second_set
        finally:
            with suppress(StoreUnavailable):  # then the next rebuild does it
                _drop(store, second_set.places)


class PostgresSecondSet(SecondSet):
    def __init__(self, store: ViewStore, views: Sequence[View[Any, Any]]) -> None:
        self.writers = len(views)
        self.turn, queue = Lock(), Lock()
        self._store = store
        self._copies = {
            view.name: _Copy(
                store,
                cast(PostgresView[Any, Any], view),
                turn=[self.turn] if view.name in _FIRST else [queue, self.turn],
            )
            for view in views
        }

    @property
    def places(self) -> list[str]:
        """Of its tables, and of those that were replaced."""
        return [place for copy in self._copies.values() for place in (copy.place, copy.replaced)]

    def of(self, view: View[Key, Row]) -> View[Key, Row]:
        return self._copies[view.name]

    def complete(self, view: View[Any, Any]) -> tuple[int, int]:
        copy = self._copies[view.name]
        with self._store.reading() as cursor:
            for index in copy.gathering:
                cursor.execute(_GATHER_NO_MORE.format(index=index))
                cursor.execute(_SORT_IN, (index,))
            cursor.execute(f"ANALYZE {copy.place}")  # whoever reads it next needs good plans at once
            cursor.execute(f"SELECT count(*) AS rows FROM {copy.place}")
            row = cursor.fetchone()
            assert row is not None, "a count has one row"
            return copy.written, row["rows"]

    def comparing(self, view: View[Any, Any]) -> AbstractContextManager[Comparison]:
        copy = self._copies[view.name]
        return comparing(self._store, view.name, copy.place, copy.key)

    def swap(self, view: View[Any, Any]) -> bool:
        place, replaced = self._copies[view.name].place, self._copies[view.name].replaced
        try:
            with self._store.writing() as cursor:
                cursor.execute(NO_SYNC)  # nobody can read the live table until its locks are let go
                cursor.execute(_ALONE_WITH_IT.format(table=view.name))
                cursor.execute(_PATIENCE)
                cursor.execute(_POSITIONS, ([view.name, place],))
                positions = {row["view"]: row["position"] for row in cursor.fetchall()}
                if place not in positions:  # our lock was lost, and another rebuild has swept up
                    raise RebuildUnderWay
                if positions[place] < positions[view.name]:
                    return False
                cursor.execute(f"ALTER TABLE {view.name} RENAME TO {replaced}")
                cursor.execute(f"ALTER TABLE {place} RENAME TO {view.name}")
                cursor.execute(f"ALTER TABLE {view.name} RESET (autovacuum_enabled)")
                cursor.execute("UPDATE tracking SET view = %s WHERE view = %s", (replaced, place))
                cursor.execute(
                    _SWAPPED, {"view": view.name, "position": positions[place], "version": view.version}
                )
        except StoreUnavailable as error:
            if _has_waited_in_vain(error):
                return False
            raise
        self._make_last(view, replaced)
        return True

    def _make_last(self, view: View[Any, Any], replaced: str) -> None:
        """Wait for the disk, while nobody waits for us."""
        with self._store.writing() as cursor:
            cursor.execute(_LASTS, (replaced,))
            if cursor.rowcount != 1:
                raise RebuildFailed(view.name, "the server has crashed and taken it back; try again")


class _Copy(TableView[Key, Row]):
    """A view whose rows are in a table of the second set."""

    def __init__(self, store: ViewStore, view: PostgresView[Key, Row], *, turn: Sequence[Lock]) -> None:
        """`turn` are locks to be had one after the other: of views with a queue before it only one at a time
        waits for the turn itself."""
        place, self.gathering = _make_place(store, view)
        super().__init__(store, place, view.table)
        self._store = store
        self._turn = turn
        self.name, self.version = view.name, view.version
        self.replaced = f"{self.place}_old"
        self.key = view.table.key
        self.written = 0
        self._latest: Mapping[Key, Row] = {}
        self._latest_at = 0

    @contextmanager
    def writing(self, keys: Collection[Key] = (), *, after: int, up_to: int) -> Iterator[BatchRows[Key, Row]]:
        """Nobody else writes these rows, so that they can be read, folded and put into words before the
        transaction, which leaves it little to wait for."""
        found = self._read(keys, after)
        with self._in_turn():
            rows = BatchRows[Key, Row](found, key_of=self._table.key_of)
            yield rows
            changed, new = rows.changed, rows.new
            text = self._table.text([*changed, *new])
        with self._store.folding(self.place, after=after, up_to=up_to, version=self.version) as cursor:
            cursor.execute(NO_SYNC)  # what a crash takes away is made again
            self._table.delete(cursor, self.place, changed)
            self._table.copy(cursor, self.place, text)
        if self.gathering:
            with self._store.reading() as cursor:
                for index in self.gathering:
                    cursor.execute(_SORT_IN, (index,))
        self.written += len(new)
        self._latest, self._latest_at = rows.all, up_to

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        with ExitStack() as held:
            for lock in self._turn:
                held.enter_context(lock)
            yield

    def _read(self, keys: Collection[Key], after: int) -> list[Row]:
        """Most that a batch changes was in the batch before it, unless a crash has taken that back."""
        latest = self._latest if after == self._latest_at else {}
        found = [latest[key] for key in keys if key in latest]
        older = [key for key in keys if key not in latest]
        if older:
            with self._store.reading() as cursor:
                found += self._table.read(cursor, self.place, older)
        return found


def _make_place(store: ViewStore, view: PostgresView[Any, Any]) -> tuple[str, list[str]]:
    """A table, empty, and its row in tracking. Returns its name, and its inverted indices, which gather."""
    place = f"{view.name}_{secrets.token_hex(4)}"
    with store.writing() as cursor:
        cursor.execute(view.table.schema.format(table=place))
        cursor.execute(f"ALTER TABLE {place} SET (autovacuum_enabled = off)")  # it would hold up the swap
        cursor.execute(_INVERTED, (place,))
        inverted = [row["relname"] for row in cursor.fetchall()]
        for index in inverted:
            cursor.execute(_GATHER.format(index=index))
        cursor.execute(view_store.BEGIN, (place, view.version))
    return place, inverted


def _left_by_others(store: ViewStore) -> list[str]:
    """The places of rebuilds that have not ended in order: ours is the only one now."""
    with store.reading() as cursor:
        cursor.execute("SELECT view FROM tracking WHERE view ~ %s", (_PLACE,))
        return [row["view"] for row in cursor.fetchall()]


def _drop(store: ViewStore, places: Sequence[str]) -> None:
    with store.writing() as cursor:
        for place in places:
            cursor.execute(f"DROP TABLE IF EXISTS {place}")
        cursor.execute("DELETE FROM tracking WHERE view = ANY(%s)", ([*places],))


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """For as long as a session holds a lock. Raises RebuildUnderWay, StoreUnavailable."""
    try:
        session = open_session(url)
        is_ours = session.execute(_LOCK).fetchone() == (True,)
    except psycopg.Error as error:
        raise StoreUnavailable(reason(error)) from error
    with closing(session):
        if not is_ours:
            raise RebuildUnderWay
        try:
            yield
        finally:  # the server takes a moment to notice that a session has ended
            with suppress(psycopg.Error):
                session.execute(_UNLOCK)


def _has_waited_in_vain(error: StoreUnavailable) -> bool:
    cause = error.__cause__
    return cause is not None and isinstance(cause.__cause__, LockNotAvailable)
