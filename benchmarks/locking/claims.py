"""What the note says of each strategy, every sentence held against the figures."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.locking.report import Cell, Report

UNDISTURBED = "when nothing goes wrong"


@dataclass(frozen=True, slots=True)
class Claim:
    """`holds` is None where the rounds do not tell. `because` follows the verdict. `compares` are the
    strategies without whose overhead nothing can be said, `herds` those without whose herd where nothing goes
    wrong."""

    strategy: str
    says: str
    holds: Callable[[Report], bool | None]
    because: Callable[[Report], str]
    herds: Sequence[str] = ()
    compares: Sequence[str] = ()


def claims_about(strategy: str, report: Report) -> Iterator[Claim]:
    """Those whose figures there are."""
    herds = {cell.strategy for cell in report.cells if _is_herd(cell)}
    for claim in CLAIMS:
        is_told = herds.issuperset(claim.herds) and report.overheads_ms.keys() >= {*claim.compares}
        if claim.strategy == strategy and is_told:
            yield claim


def under(faults: Sequence[str]) -> str:
    """In words: none of them is when nothing goes wrong."""
    named = [fault for fault in faults if fault != "none"]
    said = [UNDISTURBED] if len(named) < len(faults) else []
    return " and ".join([*said, *([f"under {', '.join(named)}"] if named else [])])


def _cells(report: Report, strategy: str) -> list[Cell]:
    return [cell for cell in report.cells if cell.strategy == strategy]


def _is_herd(cell: Cell) -> bool:
    """All ask for the same film, and nothing goes wrong."""
    return (cell.fault, cell.films) == ("none", "same")


def _too_many_in_the_herd(report: Report, strategy: str) -> int:
    return sum(cell.duplicates for cell in _cells(report, strategy) if _is_herd(cell))


def _too_many(cells: Sequence[Cell]) -> str:
    wrong = list(dict.fromkeys(cell.fault for cell in cells if cell.duplicates))
    return f"a text too many {under(wrong)}" if wrong else f"no text too many in {len(cells)} cells"


def _duplicates(strategy: str, says: str) -> Claim:
    return Claim(
        strategy,
        says,
        lambda report: any(cell.duplicates for cell in _cells(report, strategy)),
        lambda report: _too_many(_cells(report, strategy)),
    )


def _never_duplicates(strategy: str, says: str) -> Claim:
    def contradictions(report: Report) -> int:
        return sum(cell.contradictory_answers for cell in _cells(report, strategy))

    return Claim(
        strategy,
        says,
        lambda report: (
            not contradictions(report) and not any(cell.duplicates for cell in _cells(report, strategy))
        ),
        lambda report: (
            f"{_too_many(_cells(report, strategy))}, {contradictions(report)} contradictory answers"
        ),
    )


def _overhead(strategy: str, says: str, beside: str, *, is_less: bool) -> Claim:
    def holds(report: Report) -> bool | None:
        ours, theirs = report.overheads_ms[strategy], report.overheads_ms[beside]
        if max(ours) >= min(theirs) and max(theirs) >= min(ours):
            return None
        return max(ours) < min(theirs) if is_less else min(ours) > max(theirs)

    def because(report: Report) -> str:
        ours, theirs = (_from_to(report.overheads_ms[one]) for one in (strategy, beside))
        return f"{ours} ms above no lock at all, `{beside}` {theirs}"

    return Claim(strategy, says, holds, because, compares=(strategy, beside))


def _in_the_herd(strategy: str, says: str, *, duplicates: bool) -> Claim:
    return Claim(
        strategy,
        says,
        lambda report: (_too_many_in_the_herd(report, strategy) > 0) is duplicates,
        lambda report: f"{_too_many_in_the_herd(report, strategy)} too many {UNDISTURBED}",
        herds=[strategy],
    )


def _needs_a_look(strategy: str) -> Claim:
    def too_many(report: Report) -> list[int]:
        return [_too_many_in_the_herd(report, lock) for lock in _SECOND_LOOK]

    def holds(report: Report) -> bool:
        without, with_it = too_many(report)
        return without > 0 == with_it

    def because(report: Report) -> str:
        without, with_it = too_many(report)
        return f"a cache lock makes {without} too many {UNDISTURBED} without that, {with_it} with it"

    return Claim(strategy, NEEDS_A_LOOK, holds, because, herds=_SECOND_LOOK)


def _from_to(rounds: Sequence[float]) -> str:
    return f"{statistics.median(rounds):.1f} ({min(rounds):.1f} to {max(rounds):.1f})"


_SECOND_LOOK = ("cache-lock", "cache-lock-recheck")
HIGH_RISK, LOW, MEDIUM = "high risk of duplicates", "low overhead", "medium overhead"
NEEDS_A_LOOK = 'still needs "the record already exists" logic'

CLAIMS = (
    _overhead("cache-lock", MEDIUM, "unique-index-postgresql", is_less=False),
    _duplicates("cache-lock", HIGH_RISK),
    _in_the_herd("cache-lock", "the second job must notice the new state, and did not", duplicates=True),
    _overhead("cache-lock-recheck", MEDIUM, "unique-index-postgresql", is_less=False),
    _in_the_herd("cache-lock-recheck", "the second job must notice the new state", duplicates=False),
    _overhead("unique-index-postgresql", LOW, "cache-lock-recheck", is_less=True),
    _never_duplicates("unique-index-postgresql", "deterministic"),
    _never_duplicates("unique-index-sqlite", "deterministic"),
    _never_duplicates("select-for-update", "consistent inside the transaction"),
    _overhead("setnx", LOW, "cache-lock-recheck", is_less=True),
    _needs_a_look("setnx"),
    _overhead("redlock", LOW, "cache-lock-recheck", is_less=True),
    _needs_a_look("redlock"),
    _never_duplicates("token-unique-index", "the store has the final word"),
    _never_duplicates("moviemind", "by version check"),
    _never_duplicates("moviemind-token", "by version check"),
)
