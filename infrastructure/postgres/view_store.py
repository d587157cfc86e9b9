"""Views in the database of the events, and how far each has followed them.

A view's row in `tracking` is its lock: whoever folds moves it first, so that another who folds the same
events waits for the row, and then finds that the view is no longer where it thought.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from psycopg import Cursor
from psycopg.rows import DictRow

from application.errors import ViewMoved
from infrastructure.postgres.datastore import Datastore

SCHEMA = """
CREATE TABLE IF NOT EXISTS tracking (view text COLLATE "C" PRIMARY KEY, position bigint NOT NULL);
"""

_MOVE = "UPDATE tracking SET position = %(up_to)s WHERE view = %(view)s AND position = %(after)s"

# The row of a view that has followed nothing yet may be missing: two who begin wait for one another too.
_BEGIN = """
INSERT INTO tracking (view, position) VALUES (%(view)s, %(up_to)s)
ON CONFLICT (view) DO UPDATE SET position = excluded.position WHERE tracking.position = 0
"""


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
    def folding(self, view: str, *, after: int, up_to: int) -> Iterator[Cursor[DictRow]]:
        """A transaction that begins by moving a view's position. Raises ViewMoved, StoreUnavailable."""
        with self._datastore.writing() as cursor:
            cursor.execute(_MOVE if after else _BEGIN, {"view": view, "after": after, "up_to": up_to})
            if cursor.rowcount != 1:
                raise ViewMoved(view)
            yield cursor

    def position(self, view: str) -> int:
        with self._datastore.reading() as cursor:
            cursor.execute("SELECT position FROM tracking WHERE view = %s", (view,))
            row = cursor.fetchone()
            return 0 if row is None else row["position"]
