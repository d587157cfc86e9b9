"""The tables of a store on PostgreSQL: made by `moviemind schema create` alone, checked by every server.

The row in `log_epochs` ties the log to the cluster, database and timeline its positions come from.
`promote` ties it to where the database is now, after it was restored or a standby was promoted: positions
go on above the largest one stored, and the epoch is a new one, so that whoever holds a position of the old
one learns that it may mean something else now.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from application.audit.history_tree import TilesView
from application.errors import check_versions
from infrastructure.errors import SchemaMissing, SchemaTooNew, StoreNotUsable
from infrastructure.postgres import (
    api_keys,
    call_ledger,
    dispatches,
    heartbeats,
    kept_answers,
    positions,
    queue_switch,
    rebuild_book,
    recorder,
    tallies,
    view_store,
)
from infrastructure.postgres.datastore import link
from infrastructure.postgres.failures import EPOCH_IS_GONE, NOT_AT_HOME, place, reason_at_start
from infrastructure.postgres.history_view import PostgresHistoryView
from infrastructure.postgres.jobs_view import PostgresJobsView
from infrastructure.postgres.movies_view import PostgresMoviesView
from infrastructure.postgres.positions import HERE, HOLDS_BACK, IS_AT_HOME, ORDINAL_BITS, TABLE, THIS_DATABASE
from infrastructure.postgres.spending_view import PostgresSpendingView
from infrastructure.postgres.texts_view import PostgresTextsView
from infrastructure.postgres.throughput_view import PostgresThroughputView
from infrastructure.postgres.tiles_view import PostgresTilesView
from infrastructure.postgres.view_table import PostgresView
from infrastructure.queues import database

VERSION = 4
HELD_BACK_SECONDS = 5.0
OLDEST_SERVER = 14
"""`idle_session_timeout`, which takes the lead from a frozen leader, came with 14."""

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('moviemind.schema'))"
_VERSIONS = "CREATE TABLE IF NOT EXISTS schema_versions (version integer NOT NULL)"
_LOG = {"log_epochs": positions.SCHEMA, TABLE: recorder.SCHEMA}
_VIEWS: dict[str, type[PostgresView[Any, Any]]] = {
    "jobs": PostgresJobsView,
    "movies": PostgresMoviesView,
    "history": PostgresHistoryView,
    "spending": PostgresSpendingView,
    "merkle_tiles": PostgresTilesView,
    "throughput": PostgresThroughputView,
    "texts": PostgresTextsView,
}
_FOLDED = [view for view in _VIEWS if view != TilesView.name]
"""What `moviemind projections rebuild` makes anew. `create` does so with an outdated tree of the history."""
_TRACKING = {"tracking": view_store.SCHEMA}
_OTHERS = {
    "dispatches": dispatches.SCHEMA,
    "workers": heartbeats.SCHEMA,
    "queue_switch": queue_switch.SCHEMA,
    "circuit_breakers": call_ledger.SCHEMA,
    "paid_calls": call_ledger.CALLS_SCHEMA,
    "call_accounts": call_ledger.ACCOUNTS_SCHEMA,
    "tallies": tallies.SCHEMA,
    "api_keys": api_keys.SCHEMA,
    "actors": api_keys.ACTORS_SCHEMA,
    "kept_answers": kept_answers.SCHEMA,
    "rebuilds": rebuild_book.SCHEMA,
}
_TABLES = _LOG | _TRACKING | _OTHERS
_CHANGED_IN = {
    2: ("DROP TABLE IF EXISTS movies",),
    3: (
        # First what a projector that folds locks first.
        "ALTER TABLE tracking ADD COLUMN IF NOT EXISTS version integer NOT NULL DEFAULT 1,"
        " ADD COLUMN IF NOT EXISTS stopped_because text",
        "DROP TABLE IF EXISTS history",
    ),
    4: api_keys.MOVE_NAMES,
}
"""What takes tables to it from the one before; a view that is dropped is made from the events again."""
_MISSING = "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL"
_UNTRACKED = "SELECT name FROM unnest(%s::text[]) AS name WHERE name NOT IN (SELECT view FROM tracking)"
# Tables of version 2 track no versions.
_OUTDATED = "SELECT view FROM tracking WHERE view = %s AND (to_jsonb(tracking) ->> 'version')::integer < %s"
_INSTALLATION = f"SELECT system_identifier, {THIS_DATABASE} FROM pg_control_system()"
_OTHER = "SELECT schemaname FROM pg_tables WHERE tablename = 'log_epochs' LIMIT 1"
_FIRST_EPOCH = f"INSERT INTO log_epochs VALUES (%s, 0, {HERE})"
_PROMOTE = f"""
UPDATE log_epochs SET epoch = %s, (cluster, database, timeline) = (SELECT {HERE}),
  id_offset = greatest(0, (SELECT coalesce(max(notification_id), 0) >> {ORDINAL_BITS} FROM {TABLE})
    - pg_current_xact_id()::text::bigint)
"""
# Positions behind the next one that would be given out: rows that came in by hand, or ids that were set back.
_STATUS = f"""
SELECT epoch, {IS_AT_HOME}
    AND head < (pg_snapshot_xmax(pg_current_snapshot())::text::bigint + id_offset) << {ORDINAL_BITS}, head
FROM log_epochs, (SELECT coalesce(max(notification_id), 0) AS head FROM {TABLE}) AS newest
"""


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """`version` is None while there are no tables; `epoch` and `head` are those of the log then.

    `is_at_home`: the log is where its positions come from, and the next one is above all there are.
    `missing` tables can be made again from the events.
    """

    store: str
    version: int | None
    epoch: str | None
    is_at_home: bool
    head: int
    missing: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        return self.version == VERSION and self.is_at_home and not self.missing


def status(url: str) -> SchemaStatus:
    """Raises StoreNotUsable."""
    with _connected(url) as connection:
        version = _version(connection)
        if version is None:
            return SchemaStatus(place(url), None, None, is_at_home=False, head=0)
        row = connection.execute(_STATUS).fetchone()
        if row is None:
            raise StoreNotUsable(place(url), EPOCH_IS_GONE)
        epoch, is_at_home, head = row
        return SchemaStatus(place(url), version, epoch, is_at_home, head, _missing(connection))


def installation(url: str) -> str:
    """Cluster and database, which stay the same when a standby is promoted. Raises StoreNotUsable."""
    with _connected(url) as connection:
        row = connection.execute(_INSTALLATION).fetchone()
        assert row is not None
        return f"{row[0]}.{row[1]}"


def held_back(url: str) -> str | None:
    """What keeps committed events from all who follow the log, if it has done so for some seconds.

    Raises StoreNotUsable.
    """
    with _connected(url) as connection:
        row = connection.execute(HOLDS_BACK).fetchone()
    if row is None:
        return None
    pid, application, seconds = row
    if pid is None:
        return "a prepared transaction has written events; see pg_prepared_xacts"
    if seconds is None:
        return f"session {pid}, of another role, has written events and not ended"
    if seconds < HELD_BACK_SECONDS:
        return None
    return f"session {pid} ({application or 'unnamed'}) has written events, and not ended for {seconds:.0f} s"


def create(url: str) -> bool:
    """Make what is missing; False when nothing was. What can be folded again from the events is.

    Raises StoreNotUsable, SchemaTooNew.
    """
    with _connected(url) as connection:
        connection.execute(_LOCK)
        version = _version(connection)
        if version is not None:
            _refuse_newer(url, version)
            return _make_again(url, connection, version)
        _refuse_no_place(url, connection)
        _refuse_a_second(url, connection)
        for statements in (_VERSIONS, *_TABLES.values()):
            connection.execute(statements)
        for view in _VIEWS:
            _begin(connection, view)
        database.create_schema(connection)
        connection.execute(_FIRST_EPOCH, (secrets.token_hex(4),))
        connection.execute("INSERT INTO schema_versions VALUES (%s)", (VERSION,))
        return True


def promote(url: str) -> str:
    """Go on with the log where the database is now. Returns the new epoch.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew.
    """
    check(url, is_at_home=False)
    epoch = secrets.token_hex(4)
    with _connected(url) as connection:
        connection.execute(_LOCK)
        connection.execute(f"LOCK TABLE {TABLE} IN EXCLUSIVE MODE")
        connection.execute(_PROMOTE, (epoch,))
    return epoch


def check(url: str, *, is_at_home: bool = True) -> str:
    """What every server does before it starts. Returns the log's epoch.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew.
    """
    found = status(url)
    if found.version is None or found.epoch is None:
        raise SchemaMissing(found.store)
    _refuse_newer(url, found.version)
    if found.version < VERSION:
        raise SchemaMissing(found.store, f"has tables of version {found.version}, and {VERSION} is needed")
    if found.missing:
        raise SchemaMissing(found.store, f"lacks its tables {', '.join(found.missing)}")
    if is_at_home and not found.is_at_home:
        raise StoreNotUsable(found.store, NOT_AT_HOME)
    return found.epoch


def check_views(url: str) -> None:
    """Raises StoreNotUsable, ViewNeedsRebuild, ViewTooNew."""
    with _connected(url) as connection:
        found: dict[str, int] = dict(connection.execute("SELECT view, version FROM tracking").fetchall())
    check_versions({view: (found[view], _VIEWS[view].version) for view in _FOLDED if view in found})


def _make_again(url: str, connection: psycopg.Connection, version: int) -> bool:
    """A view begins anew, and the tracking with it: rows that are gone would never be folded otherwise."""
    missing = _missing(connection)
    if lost := sorted(_LOG.keys() & set(missing)):
        raise StoreNotUsable(place(url), f"its table {lost[0]} is gone; restore the database from a backup")
    for name in missing:
        if name in _TABLES:
            connection.execute(_TABLES[name])
    for changed_in in range(version + 1, VERSION + 1):
        for statement in _CHANGED_IN[changed_in]:
            connection.execute(statement)
    connection.execute("UPDATE schema_versions SET version = %s", (VERSION,))
    for view in _missing(connection):
        _begin(connection, view)
    for single_row in (queue_switch, call_ledger):
        connection.execute(single_row.SCHEMA)  # whose row may be gone
    database.create_schema(connection)
    return bool(missing) or version < VERSION


def _begin(connection: psycopg.Connection, view: str) -> None:
    """Give a view its table, empty, and a place before the first event."""
    connection.execute(f"DROP TABLE IF EXISTS {view}")
    connection.execute(_VIEWS[view].table.schema.format(table=view))
    connection.execute(view_store.BEGIN, (view, _VIEWS[view].version))


def _missing(connection: psycopg.Connection) -> tuple[str, ...]:
    """Tables, and views that are not complete: a table, and a place in the log. An outdated tree is as
    good as none."""
    missing = [name for (name,) in connection.execute(_MISSING, ([*_TABLES, *_VIEWS],))]
    if "tracking" not in missing:
        missing += [view for (view,) in connection.execute(_UNTRACKED, ([*_VIEWS],))]
        tree = _VIEWS[TilesView.name]
        missing += [view for (view,) in connection.execute(_OUTDATED, (tree.name, tree.version))]
    return tuple(dict.fromkeys(missing))


def _refuse_newer(url: str, version: int) -> None:
    if version > VERSION:
        raise SchemaTooNew(place(url), version, VERSION)


def _refuse_no_place(url: str, connection: psycopg.Connection) -> None:
    if connection.execute("SELECT current_schema()").fetchone() == (None,):
        raise StoreNotUsable(
            place(url),
            "the search_path of its role names no schema that the role may use; grant it one, such as public",
        )


def _refuse_a_second(url: str, connection: psycopg.Connection) -> None:
    """The lead, the queue and the wake-ups are those of a database, whatever the search path says."""
    row = connection.execute(_OTHER).fetchone()
    if row is not None:
        raise StoreNotUsable(
            place(url),
            f"its schema {row[0]} holds a store of MovieMind already, and a database can hold one;"
            " name another database, or put that schema first in the search_path of the role",
        )


def _version(connection: psycopg.Connection) -> int | None:
    row = connection.execute("SELECT to_regclass('schema_versions') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return None
    row = connection.execute("SELECT version FROM schema_versions").fetchone()
    return None if row is None else row[0]


@contextmanager
def _connected(url: str) -> Iterator[psycopg.Connection]:
    """One transaction. Raises StoreNotUsable."""
    try:
        with psycopg.connect(**link(url)) as connection:
            if connection.info.server_version < OLDEST_SERVER * 10_000:
                found = connection.info.server_version // 10_000
                raise StoreNotUsable(
                    place(url), f"it is PostgreSQL {found}, and {OLDEST_SERVER} is the oldest that will do"
                )
            if connection.info.parameter_status("server_encoding") != "UTF8":
                raise StoreNotUsable(
                    place(url),
                    "texts are in all languages, and it is not in UTF-8; make one with createdb"
                    " --encoding=UTF8 --template=template0",
                )
            connection.execute("SET lock_timeout = '5s'")
            yield connection
    except psycopg.Error as error:
        raise StoreNotUsable(place(url), reason_at_start(error)) from error
