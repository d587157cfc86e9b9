"""The second set of rows that a rebuild makes on PostgreSQL: tables beside the live ones, filled by COPY.

A table of it is called as its view is, with the number of its generation behind, and has a row in `tracking`
under that name, so that whatever a rebuild that was killed has left is found and dropped by the next. Indices
keep their names for ever, which is why every generation has others.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import partial
from typing import Any, cast

import psycopg
from psycopg.errors import LockNotAvailable

from application.errors import StoreUnavailable
from application.rebuild import Comparison, RebuildUnderWay, SecondSet
from application.view import BatchRows, Key, Row, View, ViewStatus
from infrastructure.postgres import view_store
from infrastructure.postgres.comparing import comparing
from infrastructure.postgres.datastore import Datastore, open_session
from infrastructure.postgres.failures import reason
from infrastructure.postgres.view_store import ViewStore
from infrastructure.postgres.view_table import PostgresView

CONNECTIONS = 2

_LOCK = "SELECT pg_try_advisory_lock(hashtext('moviemind.rebuild'))"
_PLACE = "_([0-9]+|replaced)$"
_POSITIONS = "SELECT view, position FROM tracking WHERE view = ANY(%s) ORDER BY view FOR UPDATE"
_PATIENCE = "SET LOCAL lock_timeout = '100ms'"
"""Readers of the live table queue behind the swap for as long as it waits for those before it."""
_NO_SYNC = "SET LOCAL synchronous_commit = off"
"""What a crash takes away is made again."""
_SWAPPED = """
UPDATE tracking SET position = %(position)s, version = %(version)s, generation = generation + 1,
  stopped_because = NULL WHERE view = %(view)s
"""


@contextmanager
def second_sets(url: str, views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
    """Raises RebuildUnderWay, StoreUnavailable."""
    with _alone(url), closing(Datastore(url, connections=CONNECTIONS)) as datastore:
        store = ViewStore(datastore)
        _drop_what_is_left(store)
        try:
            yield PostgresSecondSet(store, views)
        finally:
            with suppress(StoreUnavailable):  # then the next rebuild does it
                _drop_what_is_left(store)


class PostgresSecondSet(SecondSet):
    def __init__(self, store: ViewStore, views: Sequence[View[Any, Any]]) -> None:
        self._store = store
        self._copies = {view.name: _Copy(store, cast(PostgresView[Any, Any], view)) for view in views}

    def of(self, view: View[Key, Row]) -> View[Key, Row]:
        return self._copies[view.name]

    def rows(self, view: View[Any, Any]) -> tuple[int, int]:
        copy = self._copies[view.name]
        with self._store.reading() as cursor:
            cursor.execute(f"SELECT count(*) AS rows FROM {copy.place}")
            row = cursor.fetchone()
            assert row is not None, "a count has one row"
            return copy.written, row["rows"]

    def comparing(self, view: View[Any, Any]) -> AbstractContextManager[Comparison]:
        copy = self._copies[view.name]
        return comparing(self._store, view.name, copy.place, copy.key)

    def swap(self, view: View[Any, Any]) -> bool:
        place, replaced = self._copies[view.name].place, f"{view.name}_replaced"
        try:
            with self._store.writing() as cursor:
                cursor.execute(_PATIENCE)
                cursor.execute(_POSITIONS, ([view.name, place],))
                positions = {row["view"]: row["position"] for row in cursor.fetchall()}
                if positions[place] < positions[view.name]:
                    return False
                cursor.execute(f"ALTER TABLE {view.name} RENAME TO {replaced}")
                cursor.execute(f"ALTER TABLE {place} RENAME TO {view.name}")
                cursor.execute("UPDATE tracking SET view = %s WHERE view = %s", (replaced, place))
                cursor.execute(
                    _SWAPPED, {"view": view.name, "position": positions[place], "version": view.version}
                )
        except StoreUnavailable as error:
            if _has_waited_in_vain(error):
                return False
            raise
        return True


class _Copy(View[Key, Row]):
    """A view whose rows are in a table of the second set."""

    def __init__(self, store: ViewStore, view: PostgresView[Key, Row]) -> None:
        self.name, self.version = view.name, view.version
        self.place = _make_place(store, view)
        self.written = 0
        self.key = view.table.key
        self._store = store
        self._table = view.table

    def position(self) -> int:
        return self._store.position(self.place)

    def status(self) -> ViewStatus:
        return self._store.status(self.place, needed_version=self.version)

    @contextmanager
    def writing(self, *, after: int, up_to: int) -> Iterator[BatchRows[Key, Row]]:
        with self._store.folding(self.place, after=after, up_to=up_to, version=self.version) as cursor:
            cursor.execute(_NO_SYNC)
            read = partial(self._table.read, cursor, self.place)
            rows = BatchRows[Key, Row](read, key_of=self._table.key_of)
            yield rows
            self._table.delete(cursor, self.place, rows.changed)
            self._table.copy(cursor, self.place, [*rows.changed, *rows.new])
        self.written += len(rows.new)

    def stop(self, *, at: int, because: str) -> None:
        self._store.stop(self.place, at=at, because=because)


def _make_place(store: ViewStore, view: PostgresView[Any, Any]) -> str:
    """A table, empty, and its row in tracking. Returns its name."""
    with store.writing() as cursor:
        cursor.execute("SELECT generation + 1 AS next FROM tracking WHERE view = %s", (view.name,))
        row = cursor.fetchone()
        assert row is not None, "every view is tracked"
        place = f"{view.name}_{row['next']}"
        cursor.execute(view.table.schema.format(table=place))
        cursor.execute(view_store.BEGIN, (place, view.version))
    return place


def _drop_what_is_left(store: ViewStore) -> None:
    with store.writing() as cursor:
        cursor.execute("DELETE FROM tracking WHERE view ~ %s RETURNING view", (_PLACE,))
        for row in cursor.fetchall():
            cursor.execute(f"DROP TABLE IF EXISTS {row['view']}")


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """For as long as a session holds a lock. Raises RebuildUnderWay, StoreUnavailable."""
    try:
        session = open_session(url)
    except psycopg.Error as error:
        raise StoreUnavailable(reason(error)) from error
    with closing(session):
        if session.execute(_LOCK).fetchone() != (True,):
            raise RebuildUnderWay
        yield


def _has_waited_in_vain(error: StoreUnavailable) -> bool:
    cause = error.__cause__
    return cause is not None and isinstance(cause.__cause__, LockNotAvailable)
