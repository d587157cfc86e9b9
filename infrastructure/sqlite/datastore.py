"""The library's SQLite datastore, with readers that do not queue behind writers.

The library hands out all connections in the order they were asked for, so a writer that waits for the
writer before it keeps every reader behind it waiting too, although in WAL mode readers need nobody's
leave. Measured beside 8 threads that append: a read takes 3.5 ms through one pool and 0.3 ms through its
own (medians of three rounds).
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteCursor, SQLiteDatastore

from infrastructure.sqlite.failures import explained

LOCK_TIMEOUT_SECONDS = 30
CONNECTIONS = 16


OVERWRITES = "PRAGMA secure_delete = ON"
"""Rows also leave bytes behind when they are moved to make room for others, so this must hold from the first
on, not only while something is deleted."""


class _Overwriting(SQLiteConnectionPool):
    def _create_connection(self) -> SQLiteConnection:
        connection = super()._create_connection()
        connection.cursor().execute(OVERWRITES)
        return connection


class WalDatastore(SQLiteDatastore):
    """`if_damaged` is what errors tell people to do about damage in this file. Who `overwrites` leaves
    nothing in it of what was deleted."""

    def __init__(
        self, path: str, *, if_damaged: str, synchronous: str = "FULL", overwrites: bool = False
    ) -> None:
        self._path, self._if_damaged, self._synchronous = Path(path), if_damaged, synchronous
        super().__init__(path, lock_timeout=LOCK_TIMEOUT_SECONDS, pool_timeout=LOCK_TIMEOUT_SECONDS)
        if overwrites:
            self.pool = _Overwriting(
                db_name=path, lock_timeout=LOCK_TIMEOUT_SECONDS, pool_timeout=LOCK_TIMEOUT_SECONDS
            )
        self._readers = SQLiteConnectionPool(
            db_name=path,
            lock_timeout=LOCK_TIMEOUT_SECONDS,
            pool_size=CONNECTIONS,
            pool_timeout=LOCK_TIMEOUT_SECONDS,
        )

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with self.explained(), super().transaction(commit=commit) as cursor:
            yield cursor

    @contextmanager
    def immediate(self) -> Iterator[SQLiteCursor]:
        """A transaction that may read before it writes: one begun otherwise would fail then, not wait."""
        with self.explained(), self.get_connection(commit=True) as connection:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA synchronous={self._synchronous}")
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                connection.commit()
            except BaseException:
                connection.rollback()
                raise

    def explained(self) -> AbstractContextManager[None]:
        """Errors of what is done with our connections say what can be done about them."""
        return explained(self._path, if_damaged=self._if_damaged)

    @contextmanager
    def get_connection(self, *, commit: bool) -> Iterator[SQLiteConnection]:
        if commit:
            with super().get_connection(commit=True) as connection:
                yield connection
            return
        connection = self._readers.get_connection()
        try:
            yield connection
        finally:
            self._readers.put_connection(connection)

    def close(self) -> None:
        super().close()
        self._readers.close()
