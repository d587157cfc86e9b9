"""Measures what five queues lose in four disasters, and what our event store behind them gives back.

In each cell a queue that nobody stands behind and the queue of a running service meet the same fault in the
middle of traffic: the messages of the first are all that is known of its jobs, those of the second are sent
again from the event store by the project's own dispatcher.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from random import Random

from benchmarks.persistence import faults, queues
from benchmarks.persistence.cell import Round, Size, measure
from benchmarks.persistence.environment import environment
from benchmarks.persistence.faults import Fault
from benchmarks.persistence.host import Host, host
from benchmarks.persistence.page import page
from benchmarks.persistence.power import NoSuchDisk
from benchmarks.persistence.queues import KeptQueue
from benchmarks.persistence.report import Cell, Environment, Report

ROUNDS, SEED = 3, 1999
SIZE = Size(settled=300, fresh=300, films=40, asked=5)
QUICK_SIZE = Size(settled=100, fresh=100, films=20, asked=2)
DRIVERS = ("redis", "database")
QUICK_CELLS = {
    "redis-none": ("restart", "kill-9"),
    "redis-aof-always": ("kill-9",),
    "database": ("kill-9",),
}

Progress = Callable[[str], None]
"""Is told a line for each round of each cell."""


def measured(*, quick: bool = False, progress: Progress = lambda _: None) -> Report:
    """Every cell, or with `quick` one round of some. The loss of power is left out where nobody may mount a
    disk for it; `environment` then says why."""
    course = _Course(QUICK_SIZE, 1, progress) if quick else _Course(SIZE, ROUNDS, progress)
    facts: Environment = {}
    cells: list[Cell] = []
    for driver, cuts_power in product(DRIVERS, (False, True)):
        planned = list(_planned(driver, cuts_power=cuts_power, quick=quick))
        if not planned:
            continue
        try:
            with host(driver, can_lose_power=cuts_power) as running:
                facts = environment(running, course.size, seed=SEED) | facts
                for queue, chosen in planned:
                    cells += course.cells(running, queue, chosen)
        except NoSuchDisk as error:
            facts["power_loss_not_measured"] = str(error)
    return Report(facts, course.rounds, sorted(cells, key=_place))


def write(report: Report, directory: Path) -> None:
    """As JSON and as a page, into a directory that is made where it is missing."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "persistence.json").write_text(report.as_json() + "\n", encoding="utf-8")
    (directory / "persistence.md").write_text(page(report), encoding="utf-8")


def _planned(driver: str, *, cuts_power: bool, quick: bool) -> Iterator[tuple[KeptQueue, list[Fault]]]:
    """Queues that are on the same host one after the other, and what happens to them there."""
    for queue in queues.QUEUES:
        names = QUICK_CELLS.get(queue.name, ()) if quick else faults.TITLES
        chosen = [fault for fault in faults.FAULTS if fault.name in names and fault.cuts_power is cuts_power]
        if queue.driver == driver and chosen:
            yield queue, chosen


@dataclass(frozen=True, slots=True)
class _Course:
    size: Size
    rounds: int
    progress: Progress

    def cells(self, running: Host, queue: KeptQueue, chosen: Sequence[Fault]) -> list[Cell]:
        running.keep_as(queue)
        found: dict[str, list[Round]] = {fault.name: [] for fault in chosen}
        for number, fault in product(range(1, self.rounds + 1), chosen):
            name = f"{queue.name}-{fault.name}-{number}"
            one = measure(running, fault, self.size, name, Random(f"{SEED} {name}"))
            found[fault.name].append(one)
            self.progress(
                f"{queue.name}, {fault.name}, round {number} of {self.rounds}: {one.messages_lost:,} of"
                f" {one.messages:,} messages are lost, {one.jobs_lost_with_event_store} of {one.jobs} jobs"
                " in the event store"
            )
        return [Cell(queue.name, fault, rounds) for fault, rounds in found.items()]


def _place(cell: Cell) -> tuple[int, int]:
    """In the table."""
    return list(queues.TITLES).index(cell.queue), list(faults.TITLES).index(cell.fault)
