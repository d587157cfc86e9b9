"""The lock lab: every strategy under every fault, on servers and worker processes of its own."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count

from benchmarks.locking.desk import Desk
from benchmarks.locking.environment import environment
from benchmarks.locking.faults import FAULTS
from benchmarks.locking.nursery import Nursery, nursery
from benchmarks.locking.paid_model import PaidModel, paid_model
from benchmarks.locking.report import Cell, Films, Report
from benchmarks.locking.rounds import Round, different_films, staged
from benchmarks.locking.servers import Servers, lab_servers
from benchmarks.locking.setup import Pace
from benchmarks.locking.stage import Crew
from benchmarks.locking.strategy import STRATEGIES, strategy_class
from benchmarks.locking.upkeep import upkeep_of
from benchmarks.locking.worker import made
from benchmarks.locking.workers import workers_of

WORKERS, CLIENTS = 4, 6
SEED = 1999

NO_FAULT = "none"

Progress = Callable[[Cell, Sequence[str]], None]
"""Told of a cell as soon as it is measured, and of why its jobs were lost, if any were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`films` and `different` are how many are asked for in a round without faults: for each of the first all
    clients ask, the others are asked for once. `under_fault` is whether it is one film there, or one for each
    client, or first that and then this. `scale` is by what the note's times are divided."""

    rounds: int
    scale: float
    films: int
    different: int
    under_fault: Sequence[Films]


FULL = Size(rounds=3, scale=30, films=5, different=80, under_fault=("same", "different"))
QUICK = Size(rounds=1, scale=60, films=2, different=24, under_fault=("same",))
NOTE = Size(rounds=1, scale=1, films=1, different=0, under_fault=("same",))

CACHE_LOCKS, THEIR_FAULTS = ("cache-lock", "cache-lock-recheck"), (NO_FAULT, "writer-slower-than-ttl")
"""What is also measured at the note's own times, which takes minutes for a cell."""


def measured(
    *,
    quick: bool = False,
    strategies: Sequence[str] = tuple(STRATEGIES),
    faults: Sequence[str] = tuple(FAULTS),
    progress: Progress = lambda _cell, _why_lost: None,
    before: str = "",
) -> Report:
    """Takes minutes. `before` is called first in every worker process."""
    size = QUICK if quick else FULL
    with lab_servers() as servers, nursery() as births, paid_model() as model:
        lab = _Lab(servers, births, model, progress, before)
        cells = list(lab.measure(strategies, faults, size))
        locks = [name for name in CACHE_LOCKS if name in strategies and not quick]
        at_the_notes_times = lab.measure(locks, [one for one in THEIR_FAULTS if one in faults], NOTE)
        return Report(
            at_the_notes_times=tuple(at_the_notes_times),
            environment=environment(servers) | _conditions(size),
            rounds=size.rounds,
            cells=tuple(cells),
        )


def _conditions(size: Size) -> dict[str, float]:
    pace = Pace.scaled(size.scale)
    return {
        "seed": SEED,
        "workers": WORKERS,
        "scale": size.scale,
        "ttl_seconds": pace.ttl,
        "block_seconds": round(pace.block, 3),
        "visibility_seconds": pace.visibility,
        "patience_seconds": pace.patience,
    }


@dataclass(frozen=True, slots=True)
class _Lab:
    """What all strategies are measured with."""

    servers: Servers
    births: Nursery
    model: PaidModel
    progress: Progress
    before: str

    def measure(self, strategies: Sequence[str], faults: Sequence[str], size: Size) -> Iterator[Cell]:
        for strategy in strategies if faults else ():
            with self._crew(strategy, Pace.scaled(size.scale)) as crew:
                for cell, why_lost in _cells(strategy, crew, size, faults):
                    self.progress(cell, why_lost)
                    yield cell

    @contextmanager
    def _crew(self, strategy: str, pace: Pace) -> Iterator[Crew]:
        servers, model, desk = self.servers, self.model, Desk(pace)
        setup = servers.setup(strategy, model_url=model.url, pace=pace, before=self.before)
        strategy_class(strategy).create(setup)
        with (
            closing(made(setup)) as front,
            workers_of(setup, desk, self.births, servers.home) as workers,
            upkeep_of(setup, desk, self.births, servers.home),
        ):
            workers.have(WORKERS)
            yield Crew(desk=desk, workers=workers, model=model, servers=servers, front=front, pace=pace)


def _cells(
    strategy: str, crew: Crew, size: Size, faults: Sequence[str]
) -> Iterator[tuple[Cell, Sequence[str]]]:
    """Each with why its jobs were lost."""
    chance, numbers = random.Random(SEED), count(1)

    def new(films: int) -> list[str]:
        return [f"{strategy}-{size.scale:g}-{next(numbers)}-1999" for _ in range(films)]

    def cell(rounds: Sequence[Round], fault: str, films: Films, clients: int) -> tuple[Cell, Sequence[str]]:
        why_lost = sorted({why for one in rounds for why in one.why_lost})
        return Cell.of(rounds, strategy=strategy, fault=fault, films=films, clients=clients), why_lost

    def stages(fault: str, films: Films) -> list[list[str]]:
        """The film of each client, stage by stage."""
        if films == "different":
            return [new(CLIENTS)]
        return [[slug] * CLIENTS for slug in new(size.films if fault == NO_FAULT else 1)]

    different_films(crew, new(3 * WORKERS), clients=WORKERS, chance=chance)  # to warm up
    for fault in faults:
        kinds: Sequence[Films] = ("same",) if fault == NO_FAULT else size.under_fault
        for films in kinds:
            rounds = [_staged(crew, fault, stages(fault, films), chance=chance) for _ in range(size.rounds)]
            yield cell(rounds, fault, films, CLIENTS)
    if NO_FAULT in faults and size.different:
        # As many clients as workers, so that nobody's job waits for a worker.
        rounds = [
            different_films(crew, new(size.different), clients=WORKERS, chance=chance)
            for _ in range(size.rounds)
        ]
        yield cell(rounds, NO_FAULT, "different", WORKERS)


def _staged(crew: Crew, name: str, stages: Sequence[Sequence[str]], *, chance: random.Random) -> Round:
    """All servers and workers are there again at its end."""
    fault = FAULTS[name]
    if fault.needs_replica:
        crew.servers.follow()
    try:
        return staged(crew, fault, stages, chance=chance)
    finally:
        crew.servers.fail_back()
        crew.workers.have(WORKERS)
