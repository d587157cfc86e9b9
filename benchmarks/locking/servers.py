"""The lab's own servers: one PostgreSQL, and Redis servers that keep nothing on disk.

The first Redis is the one of everybody; Redlock uses two more. The first has a replica, which follows it
asynchronously as replicas do. A fail-over cuts the line between them, loses the master, and lets its address
lead to the replica, as a floating address or a name does.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.locking.setup import Pace, Setup
from tests.support.process import wait_until
from tests.support.proxy import Proxy
from tests.support.servers import Postgres, Redis

REDIS_SERVERS = 3
NO_PERSISTENCE = ("--save", "", "--appendonly", "no")
SYNC_AT_ONCE = ("--repl-diskless-sync-delay", "0")


class Servers:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = Postgres(home / "postgres")
        self.redis = [
            Redis(home / f"redis-{number}", *NO_PERSISTENCE, *SYNC_AT_ONCE) for number in range(REDIS_SERVERS)
        ]
        self._numbers = count(1)
        self._replica: Redis | None = None
        self._address: Proxy | None = None

    def start(self) -> None:
        for server in (self.postgres, *self.redis):
            server.start()

    def setup(self, strategy: str, *, model_url: str, pace: Pace, before: str = "") -> Setup:
        """With a database and a file of its own."""
        database = f"lab_{next(self._numbers)}"
        self.postgres.execute(f"CREATE DATABASE {database}")
        return Setup(
            strategy=strategy,
            store_url=self.postgres.url(database),
            sqlite_path=str(self.home / f"{database}.db"),
            redis_urls=tuple(server.url for server in self.redis),
            model_url=model_url,
            pace=pace,
            before=before,
        )

    def flush(self) -> None:
        with closing(self.redis[0].client()) as client:
            client.flushall()

    def take_away(self, slug: str) -> None:
        """Delete every key of a film on the first server, whoever has set it."""
        with closing(self.redis[0].client()) as client:
            for key in client.scan_iter(f"*{slug}*"):
                client.delete(key)

    def restart(self) -> None:
        """Killed, and started again with nothing in it."""
        self.redis[0].kill9()
        self.redis[0].start()

    def follow(self) -> None:
        """Start the replica, let it catch up, and cut the line: it misses every write from now on."""
        master = self.redis[0]
        self._replica = Redis(self.home / "replica", *NO_PERSISTENCE)
        self._replica.start()
        with closing(self._replica.client()) as replica, closing(master.client()) as client:
            replica.replicaof("127.0.0.1", master.port)
            wait_until(lambda: replica.info("replication")["master_link_status"] == "up", "it follows")
            replica.config_set("masterauth", "a password the master does not have")
            client.client_kill_filter(_type="replica")
            wait_until(lambda: client.info("replication")["connected_slaves"] == 0, "the line is cut")

    def fail_over(self) -> None:
        assert self._replica is not None, "nobody follows"
        self.redis[0].kill9()
        with closing(self._replica.client()) as replica:
            replica.replicaof("NO", "ONE")
        self._address = Proxy(self._replica.port, port=self.redis[0].port)

    def fail_back(self) -> None:
        """All as before, with nothing in it."""
        if self._address is not None:
            self._address.close()
            self._address = None
            self.redis[0].start()
        if self._replica is not None:
            self._replica.stop()
            self._replica = None

    def stop(self) -> None:
        self.fail_back()
        for server in (*self.redis, self.postgres):
            server.stop()


@contextmanager
def lab_servers() -> Iterator[Servers]:
    with TemporaryDirectory(prefix="moviemind-lab-") as directory, ExitStack() as stack:
        home = Path(directory)
        home.chmod(0o755)
        servers = Servers(home)
        stack.callback(servers.stop)
        servers.start()
        yield servers
