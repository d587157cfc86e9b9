"""Views in the database of the events, and how far each has followed them.

A view's row in `tracking` is its lock: whoever folds moves it first, so that another who folds the same
events waits for the row, and then finds that the view is no longer where it thought.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from psycopg import Cursor
from psycopg.rows import DictRow

from application.errors import ViewMoved, check_version, refused_rows
from application.view import ViewStatus
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS tracking (
    view text COLLATE "C" PRIMARY KEY, position bigint NOT NULL, version integer NOT NULL DEFAULT 1,
    stopped_because text
);
"""

BEGIN = """
INSERT INTO tracking (view, position, version) VALUES (%s, 0, %s) ON CONFLICT (view) DO UPDATE
SET position = 0, version = excluded.version, stopped_because = NULL
"""
"""For a view of a version, whose table is empty."""

_MOVE = """
UPDATE tracking SET position = %(up_to)s, stopped_because = NULL
WHERE view = %(view)s AND position = %(after)s AND version = %(version)s
"""
_STOP = "UPDATE tracking SET stopped_because = %(because)s WHERE view = %(view)s AND position = %(at)s"
_STATUS = "SELECT position, version, stopped_because FROM tracking WHERE view = %s"


class ViewStore:
    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore

    def reading(self) -> AbstractContextManager[Cursor[DictRow]]:
        """Each statement sees what was committed before it. Raises StoreUnavailable."""
        return self._datastore.reading()

    def writing(self) -> AbstractContextManager[Cursor[DictRow]]:
        """A transaction. Raises StoreUnavailable."""
        return self._datastore.writing()

    @contextmanager
    def folding(self, view: str, *, after: int, up_to: int, version: int) -> Iterator[Cursor[DictRow]]:
        """A transaction that begins by moving a view's position.

        Raises ViewMoved, ViewNeedsRebuild, ViewTooNew, RowsRefused, StoreUnavailable.
        """
        with refused_rows(view), self.writing() as cursor:
            cursor.execute(_MOVE, {"view": view, "after": after, "up_to": up_to, "version": version})
            if cursor.rowcount != 1:
                cursor.execute(_STATUS, (view,))
                row = cursor.fetchone()
                if row is not None:
                    check_version(view, row["version"], version)
                raise ViewMoved(view)
            yield cursor

    def position(self, view: str) -> int:
        with self._datastore.reading() as cursor:
            cursor.execute(_STATUS, (view,))
            row = cursor.fetchone()
            return 0 if row is None else row["position"]

    def status(self, view: str, *, needed_version: int) -> ViewStatus:
        with self._datastore.reading() as cursor:
            cursor.execute(_STATUS, (view,))
            row = cursor.fetchone() or {"position": 0, "version": needed_version, "stopped_because": None}
        return ViewStatus(view=view, needed_version=needed_version, **row)

    def stop(self, view: str, *, at: int, because: str) -> None:
        with self._datastore.writing() as cursor:
            cursor.execute(_STOP, {"view": view, "at": at, "because": because})
