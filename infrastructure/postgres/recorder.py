"""An event recorder whose writers never wait for one another, and whose readers never miss an event.

The library's recorder locks the table for each append, so that positions become visible in their order.
Here an append is one INSERT that needs no lock of ours: its position is made from the id of its own
transaction, and readers stop below a horizon, under which no position can still appear: see `positions.py`.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

import psycopg
import psycopg_pool
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatabaseError,
    InterfaceError,
    Notification,
    OperationalError,
    PersistenceError,
    StoredEvent,
    Subscription,
)
from eventsourcing.postgres import PostgresApplicationRecorder
from psycopg import Cursor
from psycopg.rows import DictRow, args_row, tuple_row

from application.event_log import LogRecorder, Stored
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.failures import NOT_AT_HOME
from infrastructure.postgres.following import Following
from infrastructure.postgres.positions import HORIZON, IS_AT_HOME, MOST_EVENTS, ORDINAL_BITS, TABLE

TRIES = 4
"""Of a statement whose connection breaks under it."""


SCHEMA = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    originator_id uuid NOT NULL, originator_version bigint NOT NULL, topic text NOT NULL,
    state bytea NOT NULL, notification_id bigint NOT NULL,
    CONSTRAINT {TABLE}_pkey PRIMARY KEY (originator_id, originator_version)
);
CREATE UNIQUE INDEX IF NOT EXISTS {TABLE}_notification_id ON {TABLE} (notification_id);
"""

_NOTIFICATION = "originator_id, originator_version, topic, state, notification_id"
"""Its fields, in their order."""

_APPEND = f"""
INSERT INTO {TABLE} (originator_id, originator_version, topic, state, notification_id)
SELECT originator_id, originator_version, topic, state,
  ((pg_current_xact_id()::text::bigint + id_offset) << {ORDINAL_BITS}) | ordinal
FROM log_epochs, unnest(%s::uuid[], %s::bigint[], %s::text[], %s::bytea[])
  WITH ORDINALITY AS e (originator_id, originator_version, topic, state, ordinal)
WHERE {IS_AT_HOME}
RETURNING notification_id
"""

_LOOK = f"""
SELECT stored.state, stored.topic, stored.notification_id
FROM {TABLE} AS stored
JOIN unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS e (originator_id, originator_version, ordinal)
  USING (originator_id, originator_version)
ORDER BY ordinal
"""

_FIRST = f"""
SELECT originator_id, originator_version, topic, state FROM {TABLE}
WHERE originator_id = ANY(%s::uuid[]) AND originator_version = 1
"""

_STORED = f"""
SELECT notification_id, originator_id, originator_version, topic, state
FROM {TABLE} WHERE notification_id > %s AND notification_id < %s ORDER BY notification_id LIMIT %s
"""

_COUNT_AFTER = f"""
SELECT count(*) AS value
FROM (SELECT 1 FROM {TABLE} WHERE notification_id > %s LIMIT %s) AS behind
"""

T = TypeVar("T")


class TransactionOrderedRecorder(PostgresApplicationRecorder, LogRecorder):
    datastore: Datastore

    def __init__(self, datastore: Datastore) -> None:
        super().__init__(datastore, events_table_name=TABLE)

    def create_table(self) -> None:
        """Servers never do that: see `schema.py`."""
        raise NotImplementedError

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """One statement, one transaction. Returns the positions.

        A connection that breaks in the middle leaves open whether the append was committed, so it is
        done again: the primary key lets it happen only once, and waits for a first try that still runs.
        If it is refused then, who stands there tells whether that was us.

        Raises IntegrityError for a version that is taken, and for nothing else; ValueError for more than
        MOST_EVENTS; OperationalError and others of the library when the store cannot be used. After one
        of those the append may have happened.
        """
        if len(stored_events) > MOST_EVENTS:
            raise ValueError(f"at most {MOST_EVENTS} events fit into one append, not {len(stored_events)}")
        if not stored_events:
            return []
        is_second_try = False

        def append(cursor: Cursor[DictRow]) -> Sequence[int]:
            nonlocal is_second_try
            was_tried, is_second_try = is_second_try, True
            try:
                return self._append(cursor, stored_events)
            except psycopg.errors.UniqueViolation as violation:
                _refuse_all_but_a_taken_version(violation)
                if was_tried and (ids := self._find(cursor, stored_events)):
                    return ids
                raise

        return self._persistently(append)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        statement = (
            f"SELECT * FROM {TABLE} WHERE originator_id = %s"
            f" AND originator_version > %s AND originator_version <= %s"
            f" ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT %s"
        )
        parameters = (originator_id, gt or 0, _NO_END if lte is None else lte, limit)

        def select(cursor: Cursor[DictRow]) -> Sequence[StoredEvent]:
            cursor.execute(statement, parameters, prepare=True)
            return [
                StoredEvent(
                    originator_id=row["originator_id"],
                    originator_version=row["originator_version"],
                    topic=row["topic"],
                    state=row["state"],
                )
                for row in cursor.fetchall()
            ]

        return self._persistently(select)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """What is recorded below the horizon, in the order of positions."""
        first = 0 if start is None else start if inclusive_of_start else start + 1
        of_topics = " AND topic = ANY(%s)" if topics else ""
        statement = (
            f"SELECT {_NOTIFICATION} FROM {TABLE} WHERE notification_id >= %s AND notification_id <= %s"
            f" AND notification_id < %s{of_topics} ORDER BY notification_id LIMIT %s"
        )

        def select(cursor: Cursor[DictRow]) -> Sequence[Notification]:
            horizon = self._horizon(cursor)
            only = (list(topics),) if topics else ()
            parameters = (first, _NO_END if stop is None else stop, horizon, *only, limit)
            with cursor.connection.cursor(row_factory=args_row(Notification), binary=True) as notifications:
                notifications.execute(statement, parameters, prepare=True)
                return notifications.fetchall()

        return self._persistently(select)

    def select_stored(self, position: int, limit: int, *, settled: bool) -> list[Stored]:
        def select(cursor: Cursor[DictRow]) -> list[Stored]:
            end = self._horizon(cursor) if settled else _NO_END
            with cursor.connection.cursor(row_factory=tuple_row, binary=True) as stored:
                stored.execute(_STORED, (position, end, limit), prepare=True)
                return [*map(Stored._make, stored.fetchall())]

        return self._persistently(select)

    def select_first_events(self, originator_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        def select(cursor: Cursor[DictRow]) -> Sequence[StoredEvent]:
            cursor.execute(_FIRST, ([*originator_ids],), prepare=True)
            return [StoredEvent(**row) for row in cursor.fetchall()]

        return self._persistently(select)

    def max_notification_id(self) -> int | None:
        """The newest position that a follower can have reached: below the horizon, as all it reads."""

        def select(cursor: Cursor[DictRow]) -> int | None:
            horizon = self._horizon(cursor)
            cursor.execute(
                f"SELECT max(notification_id) AS value FROM {TABLE} WHERE notification_id < %s",
                (horizon,),
                prepare=True,
            )
            return _only(cursor)

        return self._persistently(select)

    def committed_head(self) -> int | None:

        def select(cursor: Cursor[DictRow]) -> int | None:
            cursor.execute(f"SELECT max(notification_id) AS value FROM {TABLE}", prepare=True)
            return _only(cursor)

        return self._persistently(select)

    def count_after(self, position: int, *, at_most: int) -> int:
        def select(cursor: Cursor[DictRow]) -> int:
            cursor.execute(_COUNT_AFTER, (position, at_most), prepare=True)
            return _only(cursor) or 0

        return self._persistently(select)

    def count_before(self, position: int) -> int:
        def select(cursor: Cursor[DictRow]) -> int:
            cursor.execute(f"SELECT count(*) AS value FROM {TABLE} WHERE notification_id < %s", (position,))
            return _only(cursor) or 0

        return self._persistently(select)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return Following(self, gt, topics)

    def _append(self, cursor: Cursor[DictRow], stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        columns = (
            [event.originator_id for event in stored_events],
            [event.originator_version for event in stored_events],
            [event.topic for event in stored_events],
            [event.state for event in stored_events],
        )
        cursor.execute(_APPEND, columns, prepare=True)  # autocommit
        ids = sorted(row["notification_id"] for row in cursor.fetchall())
        if not ids:
            raise OperationalError(NOT_AT_HOME)
        return ids

    def _find(self, cursor: Cursor[DictRow], stored_events: Sequence[StoredEvent]) -> Sequence[int]:
        """The positions of these very events, or nothing if others stand in their places."""
        keys = (
            [event.originator_id for event in stored_events],
            [event.originator_version for event in stored_events],
        )
        cursor.execute(_LOOK, keys)
        found = cursor.fetchall()
        if [(row["topic"], row["state"]) for row in found] != [(e.topic, e.state) for e in stored_events]:
            return []
        return [row["notification_id"] for row in found]

    def _horizon(self, cursor: Cursor[DictRow]) -> int:
        """Must be a statement of its own: the events are read by the next one, which sees more."""
        cursor.execute(HORIZON, prepare=True)
        row = cursor.fetchone()
        if row is None or not row["is_at_home"]:
            raise OperationalError(NOT_AT_HOME)
        horizon: int = row["horizon"]
        return horizon

    def _persistently(self, statement: Callable[[Cursor[DictRow]], T]) -> T:
        """Again on another connection when the one at hand breaks; without any, nothing is tried twice."""
        for tries_left in range(TRIES - 1, -1, -1):
            try:
                with self.datastore.get_connection() as connection, connection.cursor() as cursor:
                    return statement(cursor)
            except (InterfaceError, OperationalError) as error:
                if not tries_left or not _is_broken_connection(error):
                    raise
        raise AssertionError("the last try returns or raises")


_NO_END = (1 << 63) - 1


def _only(cursor: Cursor[DictRow]) -> int | None:
    row = cursor.fetchone()
    assert row is not None, "an aggregate has one row"
    value: int | None = row["value"]
    return value


def _refuse_all_but_a_taken_version(violation: psycopg.errors.UniqueViolation) -> None:
    """A position that is taken is no conflict of two decisions: to decide again would not help."""
    constraint = violation.diag.constraint_name
    if constraint != f"{TABLE}_pkey":
        raise DatabaseError(f"{constraint} is violated: positions were given out twice") from None


def _is_broken_connection(error: PersistenceError) -> bool:
    cause = error.__cause__
    if isinstance(cause, psycopg_pool.PoolTimeout):
        return False
    is_shutdown = isinstance(cause, psycopg.errors.AdminShutdown | psycopg.errors.CrashShutdown)
    return is_shutdown or (
        isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
        and getattr(cause, "sqlstate", None) is None
    )
