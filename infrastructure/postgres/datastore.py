"""Connections to PostgreSQL: the library's datastore over a pool that suits a service.

A session must never hold others up for long, whatever happens to its client: one that goes silent inside
a transaction, or waits for a lock, is ended by the server after five seconds, and one whose host is gone
after ten. No statement takes longer than thirty: each reads a page or writes a batch. A pool that has lost
the server tries again as often as somebody asks, about once a second.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import psycopg_pool
from eventsourcing.persistence import IntegrityError, PersistenceError
from eventsourcing.postgres import PostgresDatastore
from psycopg import Connection, Cursor
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from application.errors import store_errors
from infrastructure.postgres.failures import reason
from infrastructure.postgres.pool import FreshPool

CONNECTIONS = 10
CONNECT_SECONDS = 2
POOL_SECONDS = 3

_NOTICE_LOST_CLIENTS = """
SET tcp_keepalives_idle = 5;
SET tcp_keepalives_interval = 2;
SET tcp_keepalives_count = 2;
SET tcp_user_timeout = 10000;
"""
SESSION = f"""
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET standard_conforming_strings = on;
SET default_transaction_isolation = 'read committed';
SET idle_in_transaction_session_timeout = '5s';
SET lock_timeout = '5s';
SET statement_timeout = '30s';
{_NOTICE_LOST_CLIENTS}
"""

NO_SYNC = "SET LOCAL synchronous_commit = off"
"""For a transaction that does not wait for the disk at its end, and so holds its locks no longer than it
writes. A crash of the server may take it away; not once anything was committed behind it that does wait, by a
server that has not crashed between."""

_LINK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
    "application_name": "moviemind",
}


def link(url: str) -> dict[str, Any]:
    """Parameters of a connection that notices when the other side is gone; the URL's own win, except for the
    encoding: texts are in all languages."""
    return _LINK | conninfo_to_dict(url) | {"client_encoding": "UTF8"}


def open_session(url: str) -> psycopg.Connection:
    """One outside of any pool, in which each statement is committed. Raises psycopg.Error."""
    session = psycopg.connect(autocommit=True, **link(url))
    session.execute(_NOTICE_LOST_CLIENTS)
    return session


class Datastore(PostgresDatastore):
    """`connections` is the most that are open at the same time."""

    pool: FreshPool[Connection[DictRow]]  # type: ignore[assignment] # the library's own has no last_error

    def __init__(self, url: str, *, connections: int = CONNECTIONS) -> None:
        named = conninfo_to_dict(url)
        super().__init__(
            dbname=str(named.get("dbname", "")), host="", port="", user="", password="", lock_timeout=5
        )
        self.pool = FreshPool(
            connection_class=Connection[DictRow],
            kwargs={"row_factory": dict_row, **link(url)},
            min_size=1,
            max_size=connections,
            open=False,
            configure=_configure,
            timeout=POOL_SECONDS,
            reconnect_timeout=1,
        )

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        """Errors say what can be done about them; a conflict is the answer of a store that works."""
        try:
            with super().get_connection() as connection:
                yield connection
        except IntegrityError:
            raise
        except PersistenceError as error:
            if error.__cause__ is None:  # it is ours, and says enough
                raise
            raise type(error)(self._reason(error)) from error.__cause__

    @contextmanager
    def reading(self) -> Iterator[Cursor[DictRow]]:
        """For statements of which each sees what was committed before it. Raises StoreUnavailable."""
        with store_errors(), self.get_connection() as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def writing(self) -> Iterator[Cursor[DictRow]]:
        """A transaction. Raises StoreUnavailable, IntegrityError."""
        with store_errors(), self.transaction(commit=True) as cursor:
            yield cursor

    def _reason(self, error: PersistenceError) -> str:
        """Nobody is helped by hearing that the pool had no connection: why had it none?"""
        cause = error.__cause__
        if isinstance(cause, psycopg_pool.PoolTimeout):
            last = self.pool.last_error
            return reason(last) if last else "all its connections are busy; try again in a moment"
        return reason(cause)


def _configure(connection: Connection[DictRow]) -> None:
    connection.autocommit = True
    connection.execute(SESSION)
