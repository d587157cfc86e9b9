"""Measures a rebuild of all views on PostgreSQL, alone and while the store is written and read.

Run with `python -m benchmarks.rebuild [--events 10000,100000] [--rounds 3] [--runner-events 20000]`. Each
size is a log of its own, from `benchmarks.synthetic_log`. Alone, in rounds with the library's
ProjectionRunner over the first events of the same log as yardstick: one for each view, side by side, and one
for all; with the most memory that the command took, and with what an event takes behind the start
of the command. Once beside requests and reads, 50 a second of each: how many failed, how late a request was
seen in the jobs view, and whether all views hold what the events say afterwards. Both with the longest
transaction of the rebuild that wrote. Prints Markdown tables, and below them what those transactions were
seen doing, and what all sessions did while the latest request was waited for.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from application.commands.request_generation import RequestGeneration, request_generation
from application.movie_listing import MovieSearch
from application.projections.projection import ViewName
from application.read_models import JobSearch
from benchmarks.runner_yardstick import runner_rate
from benchmarks.server_looks import LOOK_SECONDS, Looks, Transaction, looking
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
SERVER = ("shared_buffers=1GB", "max_wal_size=4GB", "min_wal_size=2GB")
"""As docs/operations.md has it for a server that holds a million events."""

SHARES: Sequence[Sequence[Sequence[ViewName]]] = ([[view] for view in ViewName], [[*ViewName]])
"""Of the views, for the runners of the library."""

MOVIEMIND = Path(sys.executable).with_name("moviemind")

REBUILD = "rebuild"
"""What its sessions are called."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of the command, the start of its process included, its peak of memory in MiB, and what all
    sessions did meanwhile."""

    events: int
    seconds: float
    memory: float
    looks: Looks

    @property
    def rate(self) -> float:
        return self.events / self.seconds

    @property
    def longest(self) -> Transaction:
        return self.looks.longest_transaction(REBUILD)


@dataclass(frozen=True, slots=True)
class Log:
    """`start_seconds` is what the command takes where there is no event."""

    url: str
    events: int
    start_seconds: float


@dataclass
class Meanwhile:
    """What others met while the views were rebuilt. A request that is never seen in its view is an error."""

    seen: list["Seen"] = field(default_factory=list)
    reads: int = 0
    errors: list[Exception] = field(default_factory=list)


class Seen(NamedTuple):
    """A request in the jobs view: after how many seconds, and when, as a Unix time."""

    after: float
    at: float


def main(
    events: Annotated[str, typer.Option(help="Sizes of logs, with commas between.")] = "10000,100000",
    rounds: Annotated[int, typer.Option(min=1, help="Of both sides, of each size.")] = 3,
    runner_events: Annotated[int, typer.Option(min=1, help="That ProjectionRunner folds.")] = 20_000,
) -> None:
    alone, beside, remarks = list[str](), list[str](), list[str]()
    tune_for_folding()  # also for the runners of the library
    for size in map(int, events.split(",")):
        with _log(size) as log:
            for rows, (row, *remarked) in (
                (alone, _measured_alone(log, rounds=rounds, runner_events=min(size, runner_events))),
                (beside, _measured_beside(log)),
            ):
                rows.append(row)
                remarks += [f"- {size:,} events, {remark}" for remark in remarked]
    say("| events | rebuilt a second | µs an event | runners | ratio | one | ratio | MiB | longest ms |")
    say("|---|---|---|---|---|---|---|---|---|")
    say("\n".join(alone))
    head = "rebuilt a second | longest ms | requests | reads | errors | seen p99 ms | latest ms | verified"
    say(f"\n| events | {head} |")
    say("|---|---|---|---|---|---|---|---|---|")
    say("\n".join(beside))
    say("\nWhat was seen:\n")
    say("\n".join(remarks))


def _measured_alone(log: Log, *, rounds: int, runner_events: int) -> tuple[str, ...]:
    """Medians of the rounds, and the worst of memory and transactions; and a remark."""
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
    return f"| {' | '.join(figures)} |", f"longest transaction alone, {longest}"


def _both(rates: Sequence[tuple[float, float]], ratios: Sequence[tuple[float, float]]) -> Iterator[str]:
    for rate, ratio in zip(zip(*rates, strict=True), zip(*ratios, strict=True), strict=True):
        yield f"{statistics.median(rate):,.0f}"
        yield f"{statistics.median(ratio):.1f}"


def _measured_beside(log: Log) -> tuple[str, ...]:
    """And two remarks."""
    found = Meanwhile()
    with _traffic(log.url, found):
        took = _rebuilt(log.url)
    seen, longest = sorted(found.seen), took.longest
    p99, latest = seen[len(seen) * 99 // 100], seen[-1]
    row = (
        f"| {log.events:,} | {took.rate:,.0f} | {longest.seconds * 1e3:.0f}"
        f" | {len(seen)} | {found.reads} | {len(found.errors)}"
        f" | {p99.after * 1e3:.0f} | {latest.after * 1e3:.0f} | {_verified(log.url)} |"
    )
    waited = (
        f"{latest.at - took.looks.all[0].at:.0f} s after the first look,"
        f" {took.looks.between(latest.at - latest.after, latest.at)}"
    )
    return row, f"longest transaction beside requests, {longest}", f"latest request, {waited}"


def _rebuilt(url: str) -> Took:
    with tempfile.TemporaryFile("w+") as output, looking(url) as looks:
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
    return Took(events, seconds, peaks[-1], looks)


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
        server = Postgres(home / "postgres", *SERVER)
        server.start()
        try:
            server.execute("CREATE DATABASE films")
            url = server.url("films")
            schema.create(url)
            start_seconds = statistics.median(_rebuilt(url).seconds for _ in range(3))
            with closing(open_store(load_settings(store_url=url))) as store:
                fill(store, events=size)
            _rebuilt(url)
            server.execute("CHECKPOINT")  # now it has files for its log at hand, as one that runs for long
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
        found.seen.append(Seen(time.perf_counter() - started, time.time()))

    return ask


def _reading(store: Store, found: Meanwhile) -> Callable[[], None]:
    def read() -> None:
        (film,) = store.movies.list(MovieSearch(), after=None, limit=1)
        assert store.history.of(film.slug, after=0, limit=50)
        found.reads += 1

    return read


if __name__ == "__main__":
    typer.run(main)
