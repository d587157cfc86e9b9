"""Measures a rebuild of all views on PostgreSQL, alone and while the store is written and read.

Run with `python -m benchmarks.rebuild [--events 10000,100000] [--rounds 3] [--runner-events 20000]`. Each
size is a log of its own, from `benchmarks.synthetic_log`. Alone, in rounds with the library's
ProjectionRunner over the first events of the same log as yardstick: one for each view, side by side, and one
for all; with the most memory that the command took, and with what an event takes behind the start
of the command. Once beside requests and reads, 50 a second of each: how many failed, how late a request was
seen in the jobs view, and whether all views hold what the events say afterwards. Both with the longest
transaction of the rebuild that wrote. Prints Markdown tables, and below them what those transactions were
seen doing.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from application.commands.request_generation import RequestGeneration, request_generation
from application.movie_listing import MovieSearch
from application.projections.projection import ViewName
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
from interfaces.rebuilding import tune_for_folding
from tests.support.servers import Postgres

ASKERS, READERS = 5, 5
EACH_A_SECOND = 10
LOST_SECONDS = 10
LOOK_SECONDS = 0.01
SHARED_BUFFERS = "shared_buffers=1GB"
"""A small part of the memory of a server that holds a million events; tests have to do with less."""

SHARES: Sequence[Sequence[Sequence[ViewName]]] = ([[view] for view in ViewName], [[*ViewName]])
"""Of the views, for the runners of the library."""

MOVIEMIND = Path(sys.executable).with_name("moviemind")

REBUILD = "rebuild"
"""What its sessions are called."""

_WRITING = r"""
SELECT pid, backend_xid::text AS id, extract(epoch FROM clock_timestamp())::float8 AS at,
    concat_ws(' ', state, wait_event_type, wait_event, left(regexp_replace(query, '\s+', ' ', 'g'), 60))
FROM pg_stat_activity WHERE application_name = %s AND backend_xid IS NOT NULL
"""


@dataclass(slots=True)
class Transaction:
    """Unix times at which one that writes was seen first and last with the id that it has from its first
    write on, and how often doing what. Both ends fall between two looks: LOOK_SECONDS apart, or more where
    the machine is busy."""

    first: float
    last: float
    doing: Counter[str] = field(default_factory=Counter)

    @property
    def seconds(self) -> float:
        """At the most, on a machine that is not busy."""
        return self.last - self.first + 2 * LOOK_SECONDS

    def __str__(self) -> str:
        seen = "; ".join(f"{times} times {doing}" for doing, times in self.doing.most_common(3))
        return f"{self.seconds * 1e3:.0f} ms: {seen}"


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the command, the start of its process included, its peak of memory in MiB, and the longest
    of its transactions."""

    events: int
    seconds: float
    memory: float
    longest: Transaction

    @property
    def rate(self) -> float:
        return self.events / self.seconds


@dataclass(frozen=True, slots=True)
class Log:
    """`start_seconds` is what the command takes where there is no event."""

    url: str
    events: int
    start_seconds: float


@dataclass
class Meanwhile:
    """What others met while the views were rebuilt; seconds until a request was in the jobs view. A request
    that is never seen there is an error."""

    seen_after: list[float] = field(default_factory=list)
    reads: int = 0
    errors: list[Exception] = field(default_factory=list)


def main(
    events: Annotated[str, typer.Option(help="Sizes of logs, with commas between.")] = "10000,100000",
    rounds: Annotated[int, typer.Option(min=1, help="Of both sides, of each size.")] = 3,
    runner_events: Annotated[int, typer.Option(min=1, help="That ProjectionRunner folds.")] = 20_000,
) -> None:
    alone, beside, longest = list[str](), list[str](), list[str]()
    tune_for_folding()  # also for the runners of the library
    for size in map(int, events.split(",")):
        with _log(size) as log:
            for rows, (row, transaction) in (
                (alone, _measured_alone(log, rounds=rounds, runner_events=min(size, runner_events))),
                (beside, _measured_beside(log)),
            ):
                rows.append(row)
                longest.append(f"- {size:,} events, {transaction}")
    say("| events | rebuilt a second | µs an event | runners | ratio | one | ratio | MiB | longest ms |")
    say("|---|---|---|---|---|---|---|---|---|")
    say("\n".join(alone))
    head = "rebuilt a second | longest ms | requests | reads | errors | seen p99 ms | latest ms | verified"
    say(f"\n| events | {head} |")
    say("|---|---|---|---|---|---|---|---|---|")
    say("\n".join(beside))
    say("\nThe longest transactions, alone and beside requests:\n")
    say("\n".join(longest))


def _measured_alone(log: Log, *, rounds: int, runner_events: int) -> tuple[str, Transaction]:
    """Medians of the rounds, and the worst of memory and transactions."""
    took, rates, ratios = list[Took](), list[tuple[float, float]](), list[tuple[float, float]]()
    for _ in range(rounds):
        took.append(_rebuilt(log.url))
        several, one = (runner_rate(log.url, events=runner_events, shares=shares) for shares in SHARES)
        rates.append((several, one))
        ratios.append((took[-1].rate / several, took[-1].rate / one))
    longest = max((one.longest for one in took), key=lambda one: one.seconds)
    each = statistics.median(one.seconds - log.start_seconds for one in took) / log.events
    figures = [
        f"{log.events:,}",
        f"{statistics.median(one.rate for one in took):,.0f}",
        f"{each * 1e6:.0f}",
        *_both(rates, ratios),
        f"{max(one.memory for one in took):.0f}",
        f"{longest.seconds * 1e3:.0f}",
    ]
    return f"| {' | '.join(figures)} |", longest


def _both(rates: Sequence[tuple[float, float]], ratios: Sequence[tuple[float, float]]) -> Iterator[str]:
    for rate, ratio in zip(zip(*rates, strict=True), zip(*ratios, strict=True), strict=True):
        yield f"{statistics.median(rate):,.0f}"
        yield f"{statistics.median(ratio):.1f}"


def _measured_beside(log: Log) -> tuple[str, Transaction]:
    found = Meanwhile()
    with _traffic(log.url, found):
        took = _rebuilt(log.url)
    seen = sorted(found.seen_after)
    row = (
        f"| {log.events:,} | {took.rate:,.0f} | {took.longest.seconds * 1e3:.0f}"
        f" | {len(seen)} | {found.reads} | {len(found.errors)}"
        f" | {seen[len(seen) * 99 // 100] * 1e3:.0f} | {seen[-1] * 1e3:.0f} | {_verified(log.url)} |"
    )
    return row, took.longest


def _rebuilt(url: str) -> Took:
    with tempfile.TemporaryFile("w+") as output, _looking_at_transactions(url) as seen:
        started = time.perf_counter()
        command = subprocess.Popen(
            [MOVIEMIND, "projections", "rebuild", "--all", "--json", "all"],
            env={**os.environ, "MOVIEMIND_STORE_URL": f"{url}?application_name={REBUILD}"},
            stdout=output,
        )
        with _looking_at_memory(command.pid) as peaks:
            assert command.wait() == 0, "the command says why"
            seconds = time.perf_counter() - started
        output.seek(0)
        events: int = json.load(output)[-1]["events"]
    return Took(events, seconds, peaks[-1], max(seen.values(), key=lambda one: one.seconds))


@contextmanager
def _looking_at_transactions(url: str) -> Iterator[dict[tuple[int, str], Transaction]]:
    """Those of the rebuild that write, by process of the server and id."""
    seen: dict[tuple[int, str], Transaction] = {}
    with psycopg.connect(url, autocommit=True) as session:

        def look() -> None:
            for pid, id_, at, doing in session.execute(_WRITING, (REBUILD,)):
                transaction = seen.setdefault((pid, id_), Transaction(at, at))
                transaction.last = at
                transaction.doing[doing] += 1

        with running([Loop("transactions", look, every_seconds=LOOK_SECONDS)]):
            yield seen


@contextmanager
def _looking_at_memory(pid: int) -> Iterator[list[float]]:
    """The peak of a process so far, in MiB, at each look. What `wait4` tells would count what it was forked
    from: ourselves."""
    peaks: list[float] = []

    def look() -> None:
        with suppress(OSError):  # it has ended
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
            peaks.extend(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))

    with running([Loop("memory", look, every_seconds=LOOK_SECONDS)]):
        yield peaks


def _verified(url: str) -> str:
    ended = subprocess.run(
        [MOVIEMIND, "projections", "verify", "--all"],
        env={**os.environ, "MOVIEMIND_STORE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )
    return "all" if ended.returncode == 0 else ended.stdout


@contextmanager
def _log(size: int) -> Iterator[Log]:
    """A store that has so many events, and views that have followed them."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        home.chmod(0o755)
        server = Postgres(home / "postgres", SHARED_BUFFERS)
        server.start()
        try:
            server.execute("CREATE DATABASE films")
            url = server.url("films")
            schema.create(url)
            start_seconds = statistics.median(_rebuilt(url).seconds for _ in range(3))
            with closing(open_store(load_settings(store_url=url))) as store:
                fill(store, events=size)
            _rebuilt(url)
            yield Log(url, size, start_seconds)
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
    due = time.monotonic()
    while not ending.wait(max(0.0, due - time.monotonic())):
        due += 1 / EACH_A_SECOND
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
            if time.perf_counter() - started > LOST_SECONDS:
                raise TimeoutError(f"{slug} is in the log and in no view")
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
