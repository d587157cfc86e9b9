"""The production event store: our recorder for the library's application."""

import threading
import time
from contextlib import suppress

from eventsourcing.persistence import ApplicationRecorder
from eventsourcing.postgres import BasePostgresFactory, PostgresFactory
from eventsourcing.utils import Environment, EnvType

from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.recorder import TransactionOrderedRecorder

EPOCH_IS_GONE = "its table log_epochs must have one row; restore it from a backup"

LOOK_SECONDS = 1.0

_NEEDS_ROOM = (
    "SET LOCAL work_mem = '64kB'",
    "SET LOCAL temp_tablespaces = ''",  # on the disk of the database
    "SELECT count(*) FROM generate_series(1, 10000)",
)
"""A few hundred kB for as long as it takes, in a temporary file: an update of what stands there finds room
in its page and in a log file that was made before, also on a full disk, where no event could be written."""

_URL = "MOVIEMIND_STORE_URL"


class EventStoreFactory(PostgresFactory):
    """The library's factory over our datastore and recorder."""

    datastore: Datastore

    def __init__(self, env: Environment | EnvType | None) -> None:
        super(BasePostgresFactory, self).__init__(env)  # its own reads the parts of the URL from variables
        self.datastore = Datastore(self.env[_URL])

    def application_recorder(self) -> ApplicationRecorder:
        return TransactionOrderedRecorder(self.datastore)


def environment(url: str) -> dict[str, str]:
    """The library's configuration for this store."""
    return {
        "PERSISTENCE_MODULE": f"{EventStoreFactory.__module__}:{EventStoreFactory.__qualname__}",
        _URL: url,
    }


class LogEpoch:
    """The log's epoch, looked up again after a second: it changes when the database is promoted.

    While the store is away it is the one that was known last.
    """

    def __init__(self, datastore: Datastore, known: str) -> None:
        self._datastore = datastore
        self._known = known
        self._looked_at = time.monotonic()

    def __call__(self) -> str:
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            with suppress(StoreUnavailable), self._datastore.reading() as cursor:
                cursor.execute("SELECT epoch FROM log_epochs")
                row = cursor.fetchone()
                self._known = row["epoch"] if row else self._known
            self._looked_at = time.monotonic()
        return self._known


class Probe:
    """Whether events can be written. Whoever asks within a second of a success is told of that: the question
    is open to everybody, and each answer is a commit."""

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._asking = threading.Lock()
        self._succeeded_at: float | None = None

    def __call__(self) -> None:
        """Take room for a moment, and write what stands there already. Raises StoreUnavailable."""
        with self._asking:
            at = self._succeeded_at
            if at is not None and time.monotonic() - at < LOOK_SECONDS:
                return
            with self._datastore.writing() as cursor:
                for statement in _NEEDS_ROOM:
                    cursor.execute(statement)
                cursor.execute("UPDATE log_epochs SET epoch = epoch")
                if cursor.rowcount != 1:
                    raise StoreUnavailable(EPOCH_IS_GONE)
            self._succeeded_at = time.monotonic()
