"""What the note says of each strategy, every sentence held against the figures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.locking.report import Cell, Report

UNDISTURBED = "when nothing goes wrong"


@dataclass(frozen=True, slots=True)
class Claim:
    """`because` follows "confirmed:" or "contradicted:". `compares` are the strategies without whose overhead
    nothing can be said."""

    strategy: str
    says: str
    holds: Callable[[Report], bool]
    because: Callable[[Report], str]
    compares: Sequence[str] = ()


def claims_about(strategy: str, report: Report) -> Iterator[Claim]:
    """Those whose figures there are."""
    strategies = {cell.strategy for cell in report.cells}
    for claim in CLAIMS:
        is_told = strategies.issuperset(_needed(claim)) and report.overhead_ms.keys() >= {*claim.compares}
        if claim.strategy == strategy and is_told:
            yield claim


def under(faults: Sequence[str]) -> str:
    """In words: none of them is when nothing goes wrong."""
    named = [fault for fault in faults if fault != "none"]
    said = [UNDISTURBED] if len(named) < len(faults) else []
    return " and ".join([*said, *([f"under {', '.join(named)}"] if named else [])])


def _needed(claim: Claim) -> Sequence[str]:
    return _SECOND_LOOK if claim.says == NEEDS_A_LOOK else [claim.strategy]


def _cells(report: Report, strategy: str) -> list[Cell]:
    return [cell for cell in report.cells if cell.strategy == strategy]


def _herd(report: Report, strategy: str) -> list[Cell]:
    """One film, and nothing goes wrong."""
    return [cell for cell in _cells(report, strategy) if (cell.fault, cell.films) == ("none", "same")]


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
    def both(report: Report) -> tuple[float, float]:
        return report.overhead_ms[strategy], report.overhead_ms[beside]

    def holds(report: Report) -> bool:
        ours, theirs = both(report)
        return ours < theirs if is_less else ours > theirs

    def because(report: Report) -> str:
        ours, theirs = both(report)
        return f"{ours:.1f} ms above no lock at all, `{beside}` {theirs:.1f}"

    return Claim(strategy, says, holds, because, compares=(strategy, beside))


def _in_the_herd(strategy: str, says: str, *, duplicates: bool) -> Claim:
    return Claim(
        strategy,
        says,
        lambda report: any(cell.duplicates for cell in _herd(report, strategy)) is duplicates,
        lambda report: (
            f"{sum(cell.duplicates for cell in _herd(report, strategy))} texts too many of one film each"
            f" {UNDISTURBED}"
        ),
    )


def _needs_a_look(strategy: str) -> Claim:
    def too_many(report: Report) -> list[int]:
        return [sum(cell.duplicates for cell in _herd(report, lock)) for lock in _SECOND_LOOK]

    def holds(report: Report) -> bool:
        without, with_it = too_many(report)
        return without > 0 == with_it

    def because(report: Report) -> str:
        without, with_it = too_many(report)
        return f"a cache lock makes {without} texts too many {UNDISTURBED} without that, {with_it} with it"

    return Claim(strategy, NEEDS_A_LOOK, holds, because)


_SECOND_LOOK = ("cache-lock", "cache-lock-recheck")
HIGH_RISK, LOW, MEDIUM = "high risk of duplicates", "low overhead", "medium overhead"
NEEDS_A_LOOK = 'still needs "the record already exists" logic'

CLAIMS = (
    _overhead("cache-lock", MEDIUM, "unique-index-postgresql", is_less=False),
    _duplicates("cache-lock", HIGH_RISK),
    _in_the_herd("cache-lock", "the second job must notice the new state, and did not", duplicates=True),
    _overhead("cache-lock-recheck", MEDIUM, "unique-index-postgresql", is_less=False),
    _duplicates("cache-lock-recheck", HIGH_RISK),
    _in_the_herd("cache-lock-recheck", "the second job must notice the new state", duplicates=False),
    _overhead("unique-index-postgresql", LOW, "cache-lock-recheck", is_less=True),
    _never_duplicates("unique-index-postgresql", "deterministic"),
    _overhead("unique-index-sqlite", LOW, "cache-lock-recheck", is_less=True),
    _never_duplicates("unique-index-sqlite", "deterministic"),
    _never_duplicates("select-for-update", "consistent inside the transaction"),
    _in_the_herd("select-for-update", "no row exists yet that could be locked", duplicates=True),
    _overhead("setnx", LOW, "cache-lock-recheck", is_less=True),
    _needs_a_look("setnx"),
    _overhead("redlock", LOW, "cache-lock-recheck", is_less=True),
    _needs_a_look("redlock"),
    _never_duplicates("token-unique-index", "the store has the final word"),
    _never_duplicates("moviemind", "by version check"),
    _never_duplicates("moviemind-token", "by version check"),
)
