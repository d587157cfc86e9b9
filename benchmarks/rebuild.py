"""Measures a rebuild of all views on PostgreSQL, alone and while the store is written and read.

Run with `python -m benchmarks.rebuild [--events 10000,100000]`. Each size is a log of its own, from
`benchmarks.synthetic_log`. Alone, in rounds with the library's ProjectionRunner over the first RUNNER_EVENTS
of the same log as yardstick. Beside requests and reads, 50 a second of each at most, with how late a request
can be seen in the jobs view. Prints Markdown tables.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from application.commands.request_generation import RequestGeneration, request_generation
from application.movie_listing import MovieSearch
from application.read_models import JobSearch
from benchmarks.runner_yardstick import runner_rate
from benchmarks.synthetic_log import fill
from domain.values import Actor
from infrastructure.postgres import schema
from infrastructure.settings import load_settings
from infrastructure.store import Store
from interfaces.bootstrap import build_projector, open_store
from interfaces.cli.output import say
from interfaces.loops import Loop, running
from tests.support.servers import Postgres

ROUNDS = 3
RUNNER_EVENTS = 4_000
ASKERS, READERS = 5, 5
EACH_A_SECOND = 10
MOVIEMIND = Path(sys.executable).with_name("moviemind")


@dataclass
class Meanwhile:
    """What others met while the views were rebuilt; seconds until a request was in the jobs view."""

    seen_after: list[float] = field(default_factory=list)
    reads: int = 0
    errors: list[Exception] = field(default_factory=list)


def main(
    events: Annotated[str, typer.Option(help="Sizes of logs, with commas between.")] = "10000,100000",
) -> None:
    alone, beside = list[str](), list[str]()
    for size in map(int, events.split(",")):
        with _log(size) as url:
            rounds = [(_rebuilt(url), runner_rate(url, events=RUNNER_EVENTS)) for _ in range(ROUNDS)]
            ours, theirs, ratio = (
                statistics.median(values) for values in zip(*[(a, b, a / b) for a, b in rounds], strict=True)
            )
            alone.append(f"| {size:,} | {ours:,.0f} | {theirs:,.0f} | {ratio:.1f} |")
            found = Meanwhile()
            with _traffic(url, found):
                rate = _rebuilt(url)
            seen = sorted(found.seen_after)
            beside.append(
                f"| {size:,} | {rate:,.0f} | {len(seen)} | {found.reads} | {len(found.errors)}"
                f" | {seen[len(seen) * 99 // 100] * 1e3:.0f} | {seen[-1] * 1e3:.0f} | {_verified(url)} |"
            )
    say("| events | rebuilt a second | ProjectionRunner | ratio |\n|---|---|---|---|")
    say("\n".join(alone))
    say("\n| events | rebuilt a second | requests | reads | errors | seen p99 ms | latest ms | verified |")
    say("|---|---|---|---|---|---|---|---|\n" + "\n".join(beside))


def _rebuilt(url: str) -> float:
    """Events per second of the command, the start of its process included."""
    started = time.perf_counter()
    ended = _moviemind(url, "rebuild", "--all", "--json", "all")
    assert ended.returncode == 0, ended.stderr
    events: int = json.loads(ended.stdout)[-1]["events"]
    return events / (time.perf_counter() - started)


def _verified(url: str) -> str:
    ended = _moviemind(url, "verify", "--all")
    return "all" if ended.returncode == 0 else ended.stdout


def _moviemind(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MOVIEMIND_STORE_URL": url}
    return subprocess.run(
        [MOVIEMIND, "projections", *arguments], env=environment, capture_output=True, text=True, check=False
    )


@contextmanager
def _log(size: int) -> Iterator[str]:
    """The URL of a store that has so many events, and views that have followed them."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        home.chmod(0o755)
        server = Postgres(home / "postgres")
        server.start()
        try:
            server.execute("CREATE DATABASE films")
            url = server.url("films")
            schema.create(url)
            with closing(open_store(load_settings(store_url=url))) as store:
                fill(store, events=size)
            _rebuilt(url)
            yield url
        finally:
            server.stop()


@contextmanager
def _traffic(url: str, found: Meanwhile) -> Iterator[None]:
    ending = threading.Event()
    with closing(open_store(load_settings(store_url=url))) as store:
        steps = [_asking(store, found)] * ASKERS + [_reading(store, found)] * READERS
        threads = [threading.Thread(target=_paced, args=(step, ending, found)) for step in steps]
        with running([Loop("projector", build_projector(store).step, every_seconds=0.05)]):
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                ending.set()
                for thread in threads:
                    thread.join()


def _paced(step: Callable[[], None], ending: threading.Event, found: Meanwhile) -> None:
    while not ending.wait(1 / EACH_A_SECOND):
        try:
            step()
        except Exception as error:  # noqa: BLE001 - counted
            found.errors.append(error)


def _asking(store: Store, found: Meanwhile) -> Callable[[], None]:
    numbers, asker = count(1), Actor("asker", correlation_id="benchmark")

    def ask() -> None:
        slug = f"asked-meanwhile-{next(numbers)}-1999"
        request_generation(RequestGeneration(slug=slug, by=asker), generations=store.generations)
        started = time.perf_counter()
        while not store.jobs.list(JobSearch(slug=slug), before=None, limit=1):
            time.sleep(0.005)
        found.seen_after.append(time.perf_counter() - started)

    return ask


def _reading(store: Store, found: Meanwhile) -> Callable[[], None]:
    def read() -> None:
        (film,) = store.movies.list(MovieSearch(), after=None, limit=1)
        assert store.history.of(film.slug, after=0, limit=50)
        found.reads += 1

    return read


if __name__ == "__main__":
    typer.run(main)
