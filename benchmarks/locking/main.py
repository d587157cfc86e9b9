"""The lock lab: every strategy under every fault."""

from collections.abc import Iterator, Sequence

from benchmarks.locking.environment import environment
from benchmarks.locking.faults import FAULTS
from benchmarks.locking.lab import WORKERS, Lab, Progress
from benchmarks.locking.lanes import Task, measured_in_lanes
from benchmarks.locking.report import Cell, Report
from benchmarks.locking.rounds import SEED
from benchmarks.locking.setup import Pace
from benchmarks.locking.size import FULL, NO_FAULT, NOTE, Size
from benchmarks.locking.strategy import STRATEGIES

CACHE_LOCKS, THEIR_FAULTS = ("cache-lock", "cache-lock-recheck"), (NO_FAULT, "writer-slower-than-ttl")
"""What is also measured at the note's own times, which takes minutes for a cell."""


def measured(
    *,
    size: Size = FULL,
    strategies: Sequence[str] = tuple(STRATEGIES),
    faults: Sequence[str] = tuple(FAULTS),
    progress: Progress = lambda _cell, _why_lost: None,
    before: str = "",
) -> Report:
    """Takes minutes. `before` is called first in every worker process.

    First what is measured with nothing beside it, above all what strategies cost when nothing goes wrong.
    """
    alone = [fault for fault in faults if fault == NO_FAULT or size.lanes == 1]
    beside = [fault for fault in faults if fault not in alone]
    locks, theirs = _at_the_notes_times(strategies, faults, size)
    tasks = [*_tasks(strategies, beside, size, before)] if beside else []
    with Lab.opened(progress, before) as lab:
        about, cells = environment(lab.servers), list(lab.measure(strategies if alone else [], alone, size))
    if locks:
        tasks.append(Task(strategies=locks, faults=theirs, size=NOTE))
    found = measured_in_lanes(tasks, progress)
    at_the_notes_times = found.pop() if locks else []
    return Report(
        environment=about | _conditions(size),
        rounds=size.rounds,
        cells=tuple(sorted([*cells, *(cell for lane in found for cell in lane)], key=_place)),
        overheads_ms=lab.overheads_ms,
        at_the_notes_times=tuple(at_the_notes_times),
    )


def cells_of(strategies: Sequence[str], faults: Sequence[str], size: Size) -> int:
    """How many `measured` measures."""
    locks, theirs = _at_the_notes_times(strategies, faults, size)
    return len(strategies) * sum(len(size.kinds(fault)) for fault in faults) + len(locks) * len(theirs)


def _tasks(strategies: Sequence[str], faults: Sequence[str], size: Size, before: str) -> Iterator[Task]:
    """What is measured side by side: the strategies in as many shares as there are lanes."""
    shares = [strategies[lane :: size.lanes] for lane in range(size.lanes)]
    return (Task(strategies=share, faults=faults, size=size, before=before) for share in shares if share)


def _at_the_notes_times(
    strategies: Sequence[str], faults: Sequence[str], size: Size
) -> tuple[Sequence[str], Sequence[str]]:
    """Strategies and faults of which that is done."""
    theirs = [name for name in THEIR_FAULTS if name in faults]
    return [name for name in CACHE_LOCKS if name in strategies and size is FULL and theirs], theirs


def _place(cell: Cell) -> tuple[int, int, bool]:
    return list(STRATEGIES).index(cell.strategy), list(FAULTS).index(cell.fault), cell.films == "different"


def _conditions(size: Size) -> dict[str, float]:
    pace = Pace.scaled(size.scale)
    return {
        "seed": SEED,
        "workers": WORKERS,
        "lanes": size.lanes,
        "scale": size.scale,
        "ttl_seconds": pace.ttl,
        "block_seconds": round(pace.block, 3),
        "token_seconds": pace.token,
        "visibility_seconds": pace.visibility,
        "patience_seconds": pace.patience,
    }
