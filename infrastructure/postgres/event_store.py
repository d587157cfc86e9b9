"""The production event store: our recorder for the library's application."""

from eventsourcing.persistence import ApplicationRecorder
from eventsourcing.postgres import BasePostgresFactory, PostgresFactory
from eventsourcing.utils import Environment, EnvType

from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.recorder import TransactionOrderedRecorder

EPOCH_IS_GONE = "its table log_epochs must have one row; restore it from a backup"

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


def log_epoch(datastore: Datastore) -> str:
    """As it is now: it changes under a running server when the database is promoted.

    Raises StoreUnavailable.
    """
    with datastore.reading() as cursor:
        cursor.execute("SELECT epoch FROM log_epochs")
        row = cursor.fetchone()
    if row is None:
        raise StoreUnavailable(EPOCH_IS_GONE)
    epoch: str = row["epoch"]
    return epoch


def probe(datastore: Datastore) -> None:
    """Write what stands there already. Raises StoreUnavailable."""
    with datastore.writing() as cursor:
        cursor.execute("UPDATE log_epochs SET epoch = epoch")
        if cursor.rowcount != 1:
            raise StoreUnavailable(EPOCH_IS_GONE)
