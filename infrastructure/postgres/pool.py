"""A connection pool that hands out no connection which the server has ended meanwhile.

After a restart of the server every connection of the pool is broken, and each would fail one statement: a
heartbeat that meets them one by one makes a healthy worker look dead. psycopg's own check waits longer after
each broken connection it finds, and gives up before it has found them all.
"""

import select
from typing import Any, TypeVar

import psycopg
import psycopg_pool
from psycopg import Connection

CT = TypeVar("CT", bound=Connection[Any])


class FreshPool(psycopg_pool.ConnectionPool[CT]):
    """`last_error` is why it could not connect the last time; None after it could."""

    last_error: psycopg.Error | None = None

    def getconn(self, timeout: float | None = None) -> CT:
        while True:
            connection = super().getconn(timeout)
            if not _has_been_told_something(connection):
                return connection
            connection.close()
            self.putconn(connection)  # who replaces it, at once

    def _connect(self, timeout: float | None = None) -> CT:
        try:
            connection = super()._connect(timeout)
        except psycopg.Error as error:
            self.last_error = error
            raise
        self.last_error = None
        return connection


def _has_been_told_something(connection: Connection) -> bool:
    """The server speaks to an idle session only to end it. To look costs no round trip."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))
