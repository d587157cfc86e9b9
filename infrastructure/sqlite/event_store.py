"""The embedded event store: the library's SQLite recorder on one file.

The version check is the table's primary key (originator_id, originator_version): of two appends at one
version the second fails with SQLITE_CONSTRAINT_PRIMARYKEY, which the library raises as IntegrityError.
Commits are synced to disk (`synchronous=FULL`, SQLite's default).
"""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from eventsourcing.sqlite import SQLiteFactory
from eventsourcing.utils import Environment, EnvType

from application.errors import store_errors
from infrastructure.errors import SchemaTooNew, StoreNotUsable
from infrastructure.sqlite.datastore import LOCK_TIMEOUT_SECONDS, WalDatastore

SCHEMA_VERSION = 1
PROBE_SECONDS = 1


class EventStoreFactory(SQLiteFactory):
    """The library's factory over our datastore."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self.datastore.close()
        self.datastore = WalDatastore(self.datastore.pool.db_name)


def environment(path: Path) -> dict[str, str]:
    """The library's configuration for this store."""
    return {
        "PERSISTENCE_MODULE": f"{EventStoreFactory.__module__}:{EventStoreFactory.__qualname__}",
        "SQLITE_DBNAME": str(path),
    }


def prepare(path: Path) -> str:
    """Create the file if it is missing, and return the log's epoch.

    The epoch is drawn once when a log begins. Positions given to the outside carry it, so that those of
    another log are recognised. Raises StoreNotUsable, SchemaTooNew.
    """
    try:
        with closing(sqlite3.connect(path, timeout=LOCK_TIMEOUT_SECONDS, isolation_level=None)) as connection:
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found > SCHEMA_VERSION:
                raise SchemaTooNew(str(path), found, SCHEMA_VERSION)
            return _epoch(connection)
    except sqlite3.Error as error:
        raise StoreNotUsable(str(path), str(error)) from error


def probe(path: Path) -> None:
    """Write a page of the store with what stands in it already. Raises StoreUnavailable."""
    existing = path.resolve().as_uri() + "?mode=rw"
    with (
        store_errors(sqlite3.Error),
        closing(
            sqlite3.connect(existing, uri=True, timeout=PROBE_SECONDS, isolation_level=None)
        ) as connection,
    ):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE log_epochs SET epoch = epoch")
        connection.execute("COMMIT")


def _epoch(connection: sqlite3.Connection) -> str:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
    connection.execute("CREATE TABLE IF NOT EXISTS log_epochs (epoch TEXT NOT NULL PRIMARY KEY)")
    row = connection.execute("SELECT epoch FROM log_epochs").fetchone()
    epoch: str = row[0] if row else secrets.token_hex(4)
    if row is None:
        connection.execute("INSERT INTO log_epochs VALUES (?)", (epoch,))
    connection.execute("COMMIT")
    return epoch
