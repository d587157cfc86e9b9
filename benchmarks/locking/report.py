"""What the lab found, as JSON and as a table."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from benchmarks.locking.rounds import Figures, Round

Films = Literal["same", "different"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell(Figures):
    """A strategy under a fault. Counts of what must not happen, and of paid calls, are those of the worst
    round: a strategy that duplicates in one of three does duplicate. The rest are medians of the rounds."""

    strategy: str
    fault: str
    films: Films
    clients: int
    pays_twice: bool
    """For some film, in some round."""

    @property
    def is_right(self) -> bool:
        return not (self.duplicates or self.contradictory_answers or self.lost_jobs)

    @classmethod
    def of(cls, rounds: Sequence[Round], *, strategy: str, fault: str, films: Films, clients: int) -> "Cell":
        return cls(
            strategy=strategy,
            fault=fault,
            films=films,
            clients=clients,
            pays_twice=any(one.pays_twice for one in rounds),
            accepted_descriptions=max(one.accepted_descriptions for one in rounds),
            duplicates=max(one.duplicates for one in rounds),
            paid_calls=max(one.paid_calls for one in rounds),
            contradictory_answers=max(one.contradictory_answers for one in rounds),
            lost_jobs=max(one.lost_jobs for one in rounds),
            p50_ms=_median(one.p50_ms for one in rounds),
            p99_ms=_median(one.p99_ms for one in rounds),
            throughput_per_s=round(statistics.median(one.throughput_per_s for one in rounds), 2),
            redis_round_trips=round(statistics.median(one.redis_round_trips for one in rounds)),
            database_round_trips=round(statistics.median(one.database_round_trips for one in rounds)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`environment` is the machine, the versions and the pace; `rounds` is how often each cell was played.
    `overheads_ms`, by strategy, are of each round the median latency on different films above that with no
    lock at all, measured beside it.

    `at_the_notes_times` are cells of the cache locks, played once with a TTL of 30 s and a block of 10 s.
    """

    environment: dict[str, Any]
    rounds: int
    cells: tuple[Cell, ...]
    overheads_ms: Mapping[str, Sequence[float]] = field(default_factory=dict)
    at_the_notes_times: tuple[Cell, ...] = ()

    @property
    def overhead_ms(self) -> dict[str, float]:
        """By strategy, the median of the rounds."""
        return {name: round(statistics.median(rounds), 1) for name, rounds in self.overheads_ms.items()}

    def undisturbed(self) -> dict[str, Cell]:
        """What each strategy does on different films when nothing goes wrong: what it costs."""
        return {
            cell.strategy: cell for cell in self.cells if (cell.fault, cell.films) == ("none", "different")
        }

    def as_json(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "rounds": self.rounds,
            "cells": [_fields(cell) for cell in self.cells],
            "overhead_ms": self.overhead_ms,
            "overheads_ms": {name: list(rounds) for name, rounds in self.overheads_ms.items()},
            "at_the_notes_times": [_fields(cell) for cell in self.at_the_notes_times],
        }


def _fields(cell: Cell) -> dict[str, Any]:
    """What it is of, and its figures."""
    names = ("strategy", "fault", "films", "clients", *(figure.name for figure in fields(Figures)))
    return {name: getattr(cell, name) for name in names}


def _median(values: Iterable[float | None]) -> float | None:
    """Of the rounds in which there was one."""
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 1) if known else None
