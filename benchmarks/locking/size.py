"""How much the lab measures."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.locking.report import Films

NO_FAULT = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """`films` and `different` are how many are asked for in a round without faults: for each of the first all
    clients ask, the others are asked for once. `under_fault` is whether it is one film there, or one for each
    client, or first that and then this. `scale` is by what the note's times are divided. Cells under faults
    are measured in so many `lanes` at a time: most of their time somebody waits for a lock to run out."""

    rounds: int
    scale: float
    films: int
    different: int
    under_fault: Sequence[Films]
    lanes: int = 1

    def kinds(self, fault: str) -> Sequence[Films]:
        """Of cells under a fault, or under none."""
        if fault != NO_FAULT:
            return self.under_fault
        return ("same", "different") if self.different else ("same",)


FULL = Size(rounds=3, scale=30, films=5, different=100, under_fault=("same", "different"), lanes=2)
QUICK = Size(rounds=1, scale=60, films=2, different=24, under_fault=("same",))
NOTE = Size(rounds=1, scale=1, films=1, different=0, under_fault=("same",))
