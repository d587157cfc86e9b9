"""The production event store: our recorder for the library's application."""

import threading
import time
from concurrent.futures import Future
from contextlib import suppress

from eventsourcing.persistence import ApplicationRecorder
from eventsourcing.postgres import BasePostgresFactory, PostgresFactory
from eventsourcing.utils import Environment, EnvType, get_topic

from application.errors import StoreUnavailable
from infrastructure.postgres.datastore import POOL_SECONDS, Datastore
from infrastructure.postgres.failures import EPOCH_IS_GONE
from infrastructure.postgres.positions import TABLE
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from infrastructure.transcoder import QuickTranscoder

LOOK_SECONDS = 1.0
ANSWER_SECONDS = POOL_SECONDS + 0.5
"""Who has got no connection says why before that."""

_NO_ANSWER = (
    f"it has not answered for {ANSWER_SECONDS:g} s; see whether PostgreSQL or its disk hangs,"
    " the service goes on as soon as it answers again"
)

_NEEDS_THE_TABLE = (
    "SET LOCAL lock_timeout = '2s'",
    f"LOCK TABLE {TABLE} IN ROW EXCLUSIVE MODE",  # as appends do
)
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
        "TRANSCODER_TOPIC": get_topic(QuickTranscoder),
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
    is open to everybody, and each answer is a commit.

    A server that hangs answers nothing, and ends no statement that takes too long either. So the store is
    asked by a thread of its own, one at a time, and those who want to know wait for it only so long.
    """

    def __init__(self, datastore: Datastore) -> None:
        self._datastore = datastore
        self._asking = threading.Lock()
        self._answer: Future[None] | None = None
        self._succeeded_at = -LOOK_SECONDS

    def __call__(self) -> None:
        """Lock and take room for a moment, and write what stands there already. Raises StoreUnavailable."""
        try:
            self._newest_answer().result(ANSWER_SECONDS)
        except TimeoutError:
            raise StoreUnavailable(_NO_ANSWER) from None

    def _newest_answer(self) -> Future[None]:
        with self._asking:
            if self._answer is None or (self._answer.done() and not self._has_just_succeeded()):
                answer = Future[None]()
                threading.Thread(target=self._ask, args=(answer,), name="probe", daemon=True).start()
                self._answer = answer
            return self._answer

    def _has_just_succeeded(self) -> bool:
        return time.monotonic() - self._succeeded_at < LOOK_SECONDS

    def _ask(self, answer: Future[None]) -> None:
        try:
            self._write()
        except BaseException as error:  # noqa: BLE001 - raised where the answer is waited for
            answer.set_exception(error)
        else:
            self._succeeded_at = time.monotonic()
            answer.set_result(None)

    def _write(self) -> None:
        with self._datastore.writing() as cursor:
            for statement in (*_NEEDS_THE_TABLE, *_NEEDS_ROOM):
                cursor.execute(statement)
            cursor.execute("UPDATE log_epochs SET epoch = epoch")
            if cursor.rowcount != 1:
                raise StoreUnavailable(EPOCH_IS_GONE)
