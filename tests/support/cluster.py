"""The service as operators run it: processes that share a PostgreSQL and perhaps a Redis."""

import os
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any, Unpack

import httpx

from application.event_log import Recorded
from domain.events import DescriptionGenerated, Event, GenerationRequested
from infrastructure.postgres import schema
from infrastructure.settings import load_settings
from interfaces.bootstrap import build_projector, open_store
from interfaces.client import Operator
from interfaces.client.calls import Wanted
from interfaces.http.schemas.generation import GenerationAnswer
from tests.support.process import DEADLINE_SECONDS, MOVIEMIND, die_with_parent, environment, wait_until
from tests.support.servers import Postgres, Redis, free_port

QUEUES = ("redis", "database")

QUICK = {
    "heartbeat_seconds": "0.3",
    "rescue_seconds": "0.3",
    "worker_dead_seconds": "1.5",
    "resend_seconds": "4",
    "poll_seconds": "0.05",
    "retry_backoff_seconds": "0.2,0.4",
}
"""Settings under which everything that takes time takes little of it."""


class Part:
    """A running `moviemind` command, and the processes it has started."""

    def __init__(
        self,
        name: str,
        arguments: Iterable[str],
        log: Path,
        settings: dict[str, str],
        *,
        inside: Iterable[str] = (),
    ) -> None:
        """In a process group of its own. `inside` is a command that runs another one, such as `unshare`."""
        self.name = name
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [*inside, MOVIEMIND, *arguments],
                env=environment(log_format="json", **settings),
                stdout=output,
                stderr=output,
                process_group=0,
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def children(self) -> list[int]:
        found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return [int(pid) for pid in found.split()]

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, line: str, seconds: float = DEADLINE_SECONDS, *, times: int = 1) -> None:
        """Until the log has said so."""
        wait_until(lambda: self.log().count(line) >= times, f"{self.name} says {line}", seconds, log=self.log)

    def signal(self, number: signal.Signals) -> None:
        for pid in (self.pid, *self.children()):
            os.kill(pid, number)

    def kill9(self) -> None:
        """The parent alone: what it has started must end by itself."""
        self._process.kill()
        self._process.wait()

    def stop(self, seconds: float = 30) -> int:
        """As a service manager does. Returns the exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(seconds)

    def wait(self, seconds: float = 30) -> int:
        """Until it has ended. Returns the exit code."""
        return self._process.wait(seconds)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        if self.is_running():
            with suppress(ProcessLookupError):
                self.signal(signal.SIGCONT)
            self.kill9()


class Cluster:
    def __init__(
        self,
        home: Path,
        *,
        queue: str,
        also_on: Sequence[str] = (),
        redis_for: str = "queue",
        **settings: str,
    ) -> None:
        """`also_on` are addresses of this machine on which the servers are reached from elsewhere.

        `redis_for` is why there is a Redis: the `queue` if that is in it, `tokens` beside another queue, or
        `nothing`: it is not the cluster's own.
        """
        self.home = home
        self.queue = queue
        self.postgres = Postgres(home / "postgres", also_on=also_on)
        has_redis = redis_for == "tokens" or (redis_for == "queue" and queue == "redis")
        self.redis = Redis(home / "redis", also_on=also_on) if has_redis else None
        self._stack = ExitStack()
        self._count = 0
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.settings = QUICK | {"queue": queue, "store_url": self.postgres.url()} | settings
        if self.redis is not None:
            self.settings["redis_url"] = self.redis.url
        for server in (self.postgres, self.redis):
            if server is not None:
                server.start()
                self._stack.callback(server.stop)
        schema.create(self.postgres.url())

    def start(self, *arguments: str, inside: Iterable[str] = (), **settings: str) -> Part:
        self._count += 1
        name = f"{arguments[0]}-{self._count}"
        log = self.home / f"{name}.log"
        part = Part(name, arguments, log, self.settings | settings, inside=inside)
        self._stack.callback(part.close)
        return part

    def start_api(self, *, processes: int = 1, **settings: str) -> Part:
        """Returns when it answers."""
        api = self.start("api", "--port", str(self._port), "--processes", str(processes), **settings)
        wait_until(self._is_ready, "the API answers", log=api.log)
        return api

    def start_worker(
        self, *, processes: int = 1, threads: int = 4, inside: Iterable[str] = (), **settings: str
    ) -> Part:
        """Returns when all its processes take messages."""
        arguments = ("--processes", str(processes), "--threads", str(threads))
        worker = self.start("worker", *arguments, inside=inside, **settings)
        wait_until(
            lambda: worker.log().count("worker.started") == processes, "the worker starts", log=worker.log
        )
        return worker

    def start_projector(self, *, leads: bool = True, inside: Iterable[str] = (), **settings: str) -> Part:
        projector = self.start("projector", inside=inside, **settings)
        projector.wait_for("projector.leads" if leads else "stands by")
        return projector

    def client(self) -> Operator:
        client = Operator(self.url)
        self._stack.callback(client.close)
        return client

    def ask(self, slugs: Iterable[str], **more: Unpack[Wanted]) -> list[GenerationAnswer]:
        with Operator(self.url) as client:
            return [client.generate(slug, **more) for slug in slugs]

    def events(self) -> list[Recorded]:
        """The log as its followers may read it: up to the oldest write that is under way."""
        with closing(open_store(load_settings(**self._store()))) as store:
            return store.log.after(0, limit=100_000)

    def of(self, kind: type[Event]) -> list[Any]:
        return [recorded.event for recorded in self.events() if isinstance(recorded.event, kind)]

    @property
    def namespace(self) -> str:
        """What the keys of its queue in Redis begin with."""
        return f"moviemind:{schema.installation(self.postgres.url())}"

    def requested(self) -> int:
        """How many requests are committed, also those the log does not show its followers yet."""
        ((count,),) = self.postgres.execute(
            "SELECT count(*) FROM stored_events WHERE topic LIKE '%:GenerationRequested'"
        )
        return int(count)

    def statuses(self) -> list[str]:
        """Of all jobs, as the view has them."""
        return [status for (status,) in self.postgres.execute("SELECT status FROM jobs ORDER BY position")]

    def wait_until_done(self, jobs: int, seconds: float = 60) -> None:
        wait_until(
            lambda: self.statuses() == ["DONE"] * jobs,
            f"{jobs} jobs are DONE",
            seconds,
            log=lambda: str(self.statuses()),
        )

    def is_sound(self) -> None:
        """Jobs accepted = jobs DONE, one description per variant, views equal a fold of the log."""
        accepted = self.of(GenerationRequested)
        described = self.of(DescriptionGenerated)
        variants = {(event.originator_id, event.locale, event.context_tag) for event in described}
        assert self.statuses() == ["DONE"] * len(accepted)
        assert len(described) == len(variants) == len(accepted)
        self._views_are_a_fold_of_the_log()

    def _views_are_a_fold_of_the_log(self) -> None:
        """A copy of the database whose views start over gets the same rows."""
        self.postgres.execute("DROP DATABASE IF EXISTS folded WITH (FORCE)")
        self.postgres.execute("CREATE DATABASE folded")
        url = self.postgres.url("folded")
        schema.create(url)
        copy = self.postgres.run("pg_dump", "-a", "-t", "stored_events", self.postgres.url())
        dump = self.postgres.home / "events.sql"
        dump.write_text(copy, encoding="utf-8")
        self.postgres.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(dump), url)
        schema.promote(url)
        with closing(open_store(load_settings(**self._store(url)))) as store:
            projector = build_projector(store)
            while projector.step():
                pass
        keys = {
            "jobs": "job_id",
            "movies": "slug",
            "history": "position",
            "spending": "job_id, attempt",
            "throughput": "minute",
            "texts": "description_id",
        }
        for table, key in keys.items():
            rows = f"SELECT * FROM {table} ORDER BY {key}"
            assert self.postgres.execute(rows) == self.postgres.execute(rows, "folded"), table

    def _store(self, url: str | None = None) -> dict[str, str]:
        return {"store_url": url or self.postgres.url()}

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready").is_success
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._stack.close()
