"""Counts the round trips to Redis and to the database where they are made, by thread and by process.

psycopg calls `execute` of its generators for each: it sends what is pending and reads until the server is
ready. redis-py sends a command, or a whole pipeline, by `send_packed_command`. SQLite has no trips: there
each statement counts.
"""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import redis
from psycopg import _cursor_base, generators


@dataclass(frozen=True, slots=True)
class Trips:
    redis: int = 0
    database: int = 0

    def __add__(self, other: "Trips") -> "Trips":
        return Trips(self.redis + other.redis, self.database + other.database)

    def __sub__(self, other: "Trips") -> "Trips":
        return Trips(self.redis - other.redis, self.database - other.database)


class _Here(threading.local):
    trips = Trips()


class _Everywhere:
    """In this process, whose threads add at the same time."""

    trips = Trips()
    adding = threading.Lock()


_here = _Here()
_to_redis, _to_database = Trips(redis=1), Trips(database=1)


def so_far() -> Trips:
    """Those of this thread since it began."""
    return _here.trips


def of_process() -> Trips:
    """Those of all threads since the process began to count."""
    return _Everywhere.trips


def count_round_trips() -> None:
    """From now on, in this process."""
    if getattr(generators.execute, "is_counted", False):
        return
    counted = _counted(generators.execute, _to_database)
    counted.is_counted = True  # type: ignore[attr-defined]
    generators.execute = _cursor_base.execute = counted  # type: ignore[attr-defined]
    connection = redis.connection.AbstractConnection
    connection.send_packed_command = _counted(connection.send_packed_command, _to_redis)  # type: ignore[method-assign]


def count_statements(connection: sqlite3.Connection) -> None:
    connection.set_trace_callback(lambda _statement: _add(_to_database))


def _counted(call: Callable[..., Any], trip: Trips) -> Callable[..., Any]:
    def count(*arguments: Any, **more: Any) -> Any:
        _add(trip)
        return call(*arguments, **more)

    return count


def _add(trip: Trips) -> None:
    _here.trips += trip
    with _Everywhere.adding:
        _Everywhere.trips += trip
