"""Measures what five queues lose in four disasters, and what our event store behind them gives back.

Run with `python -m benchmarks.persistence [--quick] [--out DIR]`. In each cell a queue that nobody stands
behind and the queue of a running service meet the same fault in the middle of traffic: the messages of the
first are all that is known of its jobs, those of the second are sent again from the event store by the
project's own dispatcher. Prints a table; writes `persistence.json` and `persistence.md` into DIR.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Annotated

import typer

from benchmarks.persistence import faults, queues, tables
from benchmarks.persistence.cell import Round, Size, measure
from benchmarks.persistence.environment import environment
from benchmarks.persistence.faults import Fault
from benchmarks.persistence.host import Host, host
from benchmarks.persistence.page import page
from benchmarks.persistence.power import NoSuchDisk
from benchmarks.persistence.queues import KeptQueue
from benchmarks.persistence.report import Cell, Environment, Report
from infrastructure.choices import LogFormat, LogLevel
from infrastructure.logs import configure_logs
from interfaces.cli.output import hint, out, say

ROUNDS, SEED = 3, 1999
SIZE = Size(settled=500, fresh=500, films=60, asked=10)
QUICK_SIZE = Size(settled=100, fresh=100, films=20, asked=2)
DRIVERS = ("redis", "database")
QUICK_CELLS = {
    "redis-none": ("restart", "kill-9"),
    "redis-aof-always": ("kill-9",),
    "database": ("kill-9",),
}

Progress = Callable[[str], None]
"""Is told a line for each round of each cell."""


def main(
    quick: Annotated[bool, typer.Option(help="Some of the cells, once, within a minute.")] = False,
    rounds: Annotated[int, typer.Option(min=1, help="Of each cell.")] = ROUNDS,
    seed: Annotated[int, typer.Option(help="Decides at which moment of its second a fault comes.")] = SEED,
    out_dir: Annotated[Path | None, typer.Option("--out", help="Where the report is written.")] = None,
) -> None:
    configure_logs(LogLevel.ERROR, LogFormat.AUTO)
    report = measured(quick=quick, rounds=rounds, seed=seed, progress=hint)
    for name, fact in report.environment.items():
        say(f"{name}: {fact}")
    out.print(tables.console(report))
    if out_dir is not None:
        out_dir.mkdir(parents=True, exist_ok=True)
        (out_dir / "persistence.json").write_text(report.as_json() + "\n", encoding="utf-8")
        (out_dir / "persistence.md").write_text(page(report), encoding="utf-8")


def measured(
    *,
    quick: bool = False,
    rounds: int = ROUNDS,
    seed: int = SEED,
    progress: Progress = lambda _: None,
) -> Report:
    """Every cell, or with `quick` one round of some. The loss of power is left out where nobody may mount a
    disk for it; `environment` then says why."""
    size, rounds = (QUICK_SIZE, 1) if quick else (SIZE, rounds)
    facts: Environment = {}
    cells: list[Cell] = []
    for driver, cuts_power in product(DRIVERS, (False, True)):
        plan = list(_plan(driver, cuts_power=cuts_power, quick=quick))
        if not plan:
            continue
        try:
            with host(driver, can_lose_power=cuts_power) as running:
                facts |= environment(running, size, seed=seed)
                for queue, chosen in plan:
                    cells += _cells(running, queue, chosen, size, rounds, seed, progress)
        except NoSuchDisk as error:
            facts["power_loss_not_measured"] = str(error)
    return Report(facts, rounds, sorted(cells, key=_place))


def _plan(driver: str, *, cuts_power: bool, quick: bool) -> Iterator[tuple[KeptQueue, list[Fault]]]:
    """Queues that are on the same host one after the other, and what happens to them there."""
    for queue in queues.QUEUES:
        names = QUICK_CELLS.get(queue.name, ()) if quick else faults.TITLES
        chosen = [fault for fault in faults.FAULTS if fault.name in names and fault.cuts_power is cuts_power]
        if queue.driver == driver and chosen:
            yield queue, chosen


def _cells(
    running: Host,
    queue: KeptQueue,
    chosen: Sequence[Fault],
    size: Size,
    rounds: int,
    seed: int,
    progress: Progress,
) -> list[Cell]:
    running.keep_as(queue)
    found: dict[str, list[Round]] = {fault.name: [] for fault in chosen}
    for number, fault in product(range(1, rounds + 1), chosen):
        random = Random(f"{seed} {queue.name} {fault.name} {number}")
        films = f"{queue.name}-{fault.name}-{number}"
        one = measure(running, queue, fault, size, films, random)
        found[fault.name].append(one)
        progress(
            f"{queue.name}, {fault.name}, round {number} of {rounds}: of {one.messages} messages"
            f" {one.messages_lost} are lost; of {one.jobs} jobs in the event store"
            f" {one.jobs_lost_with_event_store}"
        )
    return [Cell(queue.name, name, measured) for name, measured in found.items()]


def _place(cell: Cell) -> tuple[int, int]:
    """In the table."""
    return list(queues.TITLES).index(cell.queue), list(faults.TITLES).index(cell.fault)
