"""One lab: cell after cell is measured, on servers, worker processes and a model of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from benchmarks.locking.desk import Desk
from benchmarks.locking.faults import FAULTS
from benchmarks.locking.nursery import Nursery, nursery
from benchmarks.locking.paid_model import PaidModel, paid_model
from benchmarks.locking.report import Cell, Films
from benchmarks.locking.rounds import Round, different_films, staged
from benchmarks.locking.servers import Servers, lab_servers
from benchmarks.locking.setup import Pace
from benchmarks.locking.size import NO_FAULT, Size
from benchmarks.locking.stage import Crew, Missed
from benchmarks.locking.strategy import strategy_class
from benchmarks.locking.upkeep import upkeep_of
from benchmarks.locking.worker import made
from benchmarks.locking.workers import workers_of

WORKERS, CLIENTS = 4, 6

STAGED_AT_MOST = 10

NO_LOCK = "none"

Progress = Callable[[Cell, Sequence[str]], None]
"""Told of a cell as soon as it is measured, and of why its jobs were lost, if any were."""

Yardstick = Callable[[], Round]
"""Plays a round of different films with no lock at all."""

NewFilms = Callable[[int], list[str]]
"""So many that nobody has asked for before."""


@dataclass(frozen=True, slots=True)
class Lab:
    """What all strategies are measured with."""

    servers: Servers
    nursery: Nursery
    model: PaidModel
    progress: Progress
    before: str
    overheads_ms: dict[str, Sequence[float]] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, progress: Progress, before: str) -> Iterator[Self]:
        """With servers, a nursery and a model of its own."""
        with lab_servers() as servers, nursery() as nursing, paid_model() as model:
            yield cls(servers, nursing, model, progress, before)

    def measure(self, strategies: Sequence[str], faults: Sequence[str], size: Size) -> Iterator[Cell]:
        with ExitStack() as beside:
            is_compared = NO_FAULT in faults and "different" in size.kinds(NO_FAULT)
            yardstick = beside.enter_context(self._yardstick(size)) if is_compared else None
            for strategy in strategies:
                with self._crew(strategy, Pace.scaled(size.scale)) as crew:
                    yield from self._cells(strategy, faults, size, crew, yardstick)

    def _cells(
        self, strategy: str, faults: Sequence[str], size: Size, crew: Crew, yardstick: Yardstick | None
    ) -> Iterator[Cell]:
        new = _films(strategy, size)
        different_films(crew, new(3 * WORKERS), clients=WORKERS)  # to warm up
        for fault, films in [(one, films) for one in faults for films in size.kinds(one)]:
            if yardstick is not None and (fault, films) == (NO_FAULT, "different"):
                rounds = self._undisturbed(strategy, crew, yardstick, new, size)
            else:
                new_stages = partial(_stages, new, fault, films, size)
                rounds = [_staged(crew, fault, new_stages) for _ in range(size.rounds)]
            yield self._cell(rounds, strategy, fault, films)

    def _cell(self, rounds: Sequence[Round], strategy: str, fault: str, films: Films) -> Cell:
        # For different films as many clients ask as there are workers: nobody's job waits for one.
        clients = WORKERS if films == "different" else CLIENTS
        cell = Cell.of(rounds, strategy=strategy, fault=fault, films=films, clients=clients)
        self.progress(cell, sorted({why for one in rounds for why in one.why_lost}))
        return cell

    def _undisturbed(
        self, strategy: str, crew: Crew, yardstick: Yardstick, new: NewFilms, size: Size
    ) -> list[Round]:
        """Beside each round one with no lock at all, before it or behind it: a machine has good minutes and
        bad ones."""
        rounds, above = list[Round](), list[float]()
        for number in range(size.rounds):
            one, unlocked = _in_turns(
                number, lambda: different_films(crew, new(size.different), clients=WORKERS), yardstick
            )
            rounds.append(one)
            if unlocked.p50_ms is not None and one.p50_ms is not None:
                above.append(round(one.p50_ms - unlocked.p50_ms, 1))
        if above:
            self.overheads_ms[strategy] = above
        return rounds

    @contextmanager
    def _yardstick(self, size: Size) -> Iterator[Yardstick]:
        """What plays a round with no lock at all."""
        new = _films("yardstick", size)
        with self._crew(NO_LOCK, Pace.scaled(size.scale)) as crew:
            different_films(crew, new(3 * WORKERS), clients=WORKERS)  # to warm up
            yield lambda: different_films(crew, new(size.different), clients=WORKERS)

    @contextmanager
    def _crew(self, strategy: str, pace: Pace) -> Iterator[Crew]:
        servers, model, desk = self.servers, self.model, Desk(pace)
        setup = servers.setup(strategy, model_url=model.url, pace=pace, before=self.before)
        strategy_class(strategy).create(setup)
        with (
            TemporaryDirectory(dir=servers.home) as home,
            closing(made(setup)) as front,
            workers_of(setup, desk, self.nursery, Path(home)) as workers,
            upkeep_of(setup, desk, self.nursery, Path(home)) as trips_beside,
        ):
            workers.have(WORKERS)
            yield Crew(
                desk=desk,
                workers=workers,
                model=model,
                servers=servers,
                front=front,
                trips_beside=trips_beside,
                pace=pace,
            )


def _films(strategy: str, size: Size) -> NewFilms:
    numbers = count(1)
    return lambda films: [f"{strategy}-{size.scale:g}-{next(numbers)}-1999" for _ in range(films)]


def _stages(new: NewFilms, fault: str, films: Films, size: Size) -> list[list[str]]:
    """The film of each client, stage by stage."""
    if films == "different":
        return [new(WORKERS)]
    return [[slug] * CLIENTS for slug in new(size.films if fault == NO_FAULT else 1)]


def _in_turns(number: int, first: Callable[[], Round], second: Callable[[], Round]) -> tuple[Round, Round]:
    """Both, and every other time the second one before the first."""
    if number % 2:
        after = second()
        return first(), after
    return first(), second()


def _staged(crew: Crew, name: str, new_stages: Callable[[], list[list[str]]]) -> Round:
    """All servers and workers are there again at its end. On a busy machine a fault may come too late: then
    it is staged once more."""
    fault = FAULTS[name]
    for _ in range(STAGED_AT_MOST):
        if fault.needs_replica:
            crew.servers.follow()
        try:
            found = staged(crew, fault, new_stages())
        except Missed:
            found = None
        finally:
            crew.servers.fail_back()
        crew.workers.have(WORKERS)
        if found is not None:
            return found
    raise AssertionError(f"{name} came too late {STAGED_AT_MOST} times: this machine is too busy")
