"""What was measured, cell by cell: a queue and a fault."""

import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields

from benchmarks.persistence.cell import Round
from benchmarks.persistence.faults import POWER

Environment = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Cell:
    """`queue` and `fault` by their names; the rounds in the order they were measured."""

    queue: str
    fault: str
    rounds: Sequence[Round]

    def median(self, name: str) -> float:
        """Of a field of Round that each of them has."""
        return float(statistics.median(getattr(one, name) for one in self.rounds))

    def has(self, name: str) -> bool:
        """Whether that field of Round was measured under this fault."""
        return all(getattr(one, name) is not None for one in self.rounds)

    def worst(self) -> Round:
        """In which most was lost of what nobody stands behind. What one round of three loses can be lost: no
        median."""
        return max(self.rounds, key=lambda one: (one.jobs_lost_alone, one.messages_lost))

    def most_jobs_lost(self) -> int:
        """With the event store behind the queue. One that is lost in one round is too many."""
        return max(one.jobs_lost_with_event_store for one in self.rounds)

    def as_json(self) -> dict[str, object]:
        medians = {
            field.name: self.median(field.name) if self.has(field.name) else None for field in fields(Round)
        }
        worst = self.worst()
        figures = medians | {
            "messages": worst.messages,
            "messages_lost": worst.messages_lost,
            "jobs_lost_alone": worst.jobs_lost_alone,
            "jobs_lost_with_event_store": self.most_jobs_lost(),
        }
        return {
            "queue": self.queue,
            "fault": self.fault,
            **figures,
            "measured": [asdict(one) for one in self.rounds],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """`environment` says on what, and with what, it was measured."""

    environment: Environment
    rounds: int
    cells: Sequence[Cell]

    def cell(self, queue: str, fault: str) -> Cell:
        """One that was measured."""
        (found,) = (cell for cell in self.cells if (cell.queue, cell.fault) == (queue, fault))
        return found

    def of(self, queue: str) -> Iterator[Cell]:
        return (cell for cell in self.cells if cell.queue == queue)

    def rates(self, queue: str, name: str) -> list[float]:
        """From the least on, those of all rounds in which all queues had the same files: no power was cut."""
        cells = [cell for cell in self.of(queue) if cell.fault != POWER.name]
        return sorted(getattr(one, name) for cell in cells for one in cell.rounds)

    def as_json(self) -> str:
        cells = [cell.as_json() for cell in self.cells]
        return json.dumps(
            {"environment": self.environment, "rounds": self.rounds, "cells": cells},
            indent=2,
            sort_keys=False,
        )
