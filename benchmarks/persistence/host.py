"""One machine: a disk, the servers whose data is on it, and the service's processes over them.

Beside the messages of the service there are some in the same server that nobody stands behind: they are what
is left of a job where the queue is all that knows of it.
"""

import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.persistence.places import ALONE, DatabasePlace, Place, RedisPlace
from benchmarks.persistence.power import SwitchedDisk, switched_disk
from benchmarks.persistence.queues import KeptQueue
from infrastructure.postgres import schema
from tests.support.cluster import Cluster, Part
from tests.support.process import moviemind
from tests.support.servers import Postgres, Redis

MOST_THREADS = "64"
"""So many the dispatcher counts with while there is no worker; it fills the queue accordingly."""

NOBODY_WAITS_FOR_THAT = "600"
"""For messages to be sent again because they are old: what is lost has to be noticed."""


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """Of a queue's messages."""

    seconds: float
    bytes: int


class Host:
    def __init__(self, driver: str, home: Path, *, disk: SwitchedDisk | None, backups: Path) -> None:
        """`home` is on the disk, if that is one whose power can be cut; `backups` is on another volume."""
        self.disk = disk
        self._backups = backups
        self._number = 0
        self._events: Path
        self._messages: Path
        self._queue: KeptQueue
        self.cluster = Cluster(
            home,
            queue=driver,
            resend_seconds=NOBODY_WAITS_FOR_THAT,
            worker_threads=MOST_THREADS,
        )
        self.alone = self._place(ALONE, ALONE)
        self.waiting = self._place(self.cluster.namespace, "postgres")
        """The messages of the service."""
        self.projector: Part
        self._parts: list[Part] = []

    def start(self) -> None:
        self.alone.make()
        self.start_service()

    def sync(self) -> None:
        """What has been set up by now, no fault takes away."""
        if self.disk is not None:
            self.disk.sync()

    @property
    def server(self) -> Redis | Postgres:
        """That holds the queue."""
        return self.cluster.redis or self.cluster.postgres

    def holds_events(self) -> bool:
        """Whether the server of the queue is also the one of the event store."""
        return self.server is self.cluster.postgres

    def keep_as(self, queue: KeptQueue) -> None:
        """From now on, and beginning with nothing. Meant for a time when all jobs are done."""
        self._queue = queue
        redis = self.cluster.redis
        if redis is not None:
            redis.stop()
            redis.lose_data()
            redis.options = queue.options
            redis.start()

    def settle(self) -> None:
        if self.cluster.redis is not None:
            self._queue.settle(self.cluster.redis)

    def start_service(self) -> None:
        """All but workers; before it the servers that do not run."""
        for server in self._servers():
            server.start()
        self.projector = self.cluster.start("projector")  # which waits for the lead while the API starts
        self._parts = [self.projector, self.cluster.start_api()]
        self.projector.wait_for("projector.leads")

    def is_serving(self) -> bool:
        return bool(self._parts)

    def kill_service(self) -> None:
        for part in self._parts:
            part.kill9()
        self._parts = []

    def back_up_events(self) -> None:
        """To another volume."""
        self._events = self._new_backup()
        self._moviemind("backup", str(self._events))

    def restore_events(self) -> None:
        """Those backed up last, into a server that is new; as docs/operations.md says."""
        schema.create(self.cluster.postgres.url())
        self._moviemind("restore", str(self._events))

    def back_up_messages(self) -> MadeBackup:
        """To another volume."""
        self._messages = self._new_backup()
        self._messages.mkdir()
        started = time.perf_counter()
        self._queue.backup.make(self.server, self._messages)
        return MadeBackup(time.perf_counter() - started, _bytes_in(self._messages))

    def start_from_backup(self) -> None:
        """The queue's server, whose volume is empty, with the messages backed up last."""
        self._queue.backup.start_from(self.server, self._messages)

    def freeze(self) -> None:
        """Nobody answers any more."""
        for part in self._parts:
            part.signal(signal.SIGSTOP)
        for server in self._servers():
            server.freeze()

    def kill(self) -> None:
        self.kill_service()
        for server in self._servers():
            server.kill9()

    def close(self) -> None:
        self.cluster.close()

    def _place(self, namespace: str, database: str) -> Place:
        if self.cluster.redis is not None:
            return RedisPlace(self.cluster.redis, namespace)
        return DatabasePlace(self.cluster.postgres, database)

    def _servers(self) -> list[Redis | Postgres]:
        servers = (self.cluster.redis, self.cluster.postgres)
        return [server for server in servers if server is not None]

    def _new_backup(self) -> Path:
        self._number += 1
        return self._backups / f"backup-{self._number}"

    def _moviemind(self, *arguments: str) -> None:
        ended = moviemind(*arguments, store_url=self.cluster.postgres.url())
        assert ended.returncode == 0, ended.stderr


@contextmanager
def host(driver: str, *, can_lose_power: bool) -> Iterator[Host]:
    """With everything running but workers.

    The disk whose power can be cut syncs several times as slowly as the files of this machine, so that only
    what needs it is measured on it. Raises NoSuchDisk.
    """
    with TemporaryDirectory(prefix="moviemind-persistence-") as name, ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)
        disk = stack.enter_context(switched_disk(home)) if can_lose_power else None
        running = Host(driver, disk.path if disk else home, disk=disk, backups=home)
        stack.callback(running.close)
        running.start()
        yield running


def _bytes_in(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
