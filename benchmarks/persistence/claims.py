"""What the note says of queues, each sentence held against the figures."""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.persistence.faults import TITLES
from benchmarks.persistence.report import Report

NEEDS_AOF = "the Redis queue needs AOF"
ENOUGH = "AOF is what the Redis queue needs"
VOLUME_LOST = "volume lost: pending jobs are lost"
SAFER = "the database queue is the safer alternative"
SLOWER = "the database queue is the slower alternative"

OF_THE_NOTE = "redis-aof-everysec"
"""The Redis queue as the note sets it up."""

KEEPS_VOLUME = ("restart", "kill-9", "power-loss")


@dataclass(frozen=True, slots=True)
class Claim:
    """`figures` names the cells that decide; `because` follows "confirmed:" or "contradicted:"."""

    queue: str
    says: str
    figures: Sequence[tuple[str, str]]
    holds: Callable[[Report], bool]
    because: Callable[[Report], str]


def claims_about(queue: str, report: Report) -> Iterator[Claim]:
    """Those whose cells were measured."""
    measured = {(cell.queue, cell.fault) for cell in report.cells}
    return (claim for claim in CLAIMS if claim.queue == queue and measured.issuperset(claim.figures))


def lost(report: Report, queue: str, fault: str) -> int:
    """Jobs, where nobody stands behind the queue, in the worst round."""
    return report.cell(queue, fault).worst().jobs_lost_alone


def share_lost(report: Report, queue: str, fault: str) -> str:
    worst = report.cell(queue, fault).worst()
    return f"{worst.jobs_lost_alone:,} of {worst.messages:,}"


def rate(report: Report, queue: str, name: str) -> float:
    """The median, of a queue that was measured."""
    return statistics.median(report.rates(queue, name))


def _needs_aof(queue: str, fault: str) -> Claim:
    return Claim(
        queue,
        NEEDS_AOF,
        [(queue, fault)],
        lambda report: lost(report, queue, fault) > 0,
        lambda report: f"without it, {TITLES[fault]}: {share_lost(report, queue, fault)} jobs lost",
    )


def _is_enough(queue: str, fault: str) -> Claim:
    return Claim(
        queue,
        ENOUGH,
        [(queue, fault)],
        lambda report: lost(report, queue, fault) == 0,
        lambda report: f"with it, {TITLES[fault]}: {share_lost(report, queue, fault)} jobs lost",
    )


def _volume_lost(queue: str, behind: str = "with it") -> Claim:
    def because(report: Report) -> str:
        alone = share_lost(report, queue, "volume-lost")
        lost_behind = report.cell(queue, "volume-lost").most_jobs_lost()
        return f"{alone} without an event store, {lost_behind} {behind}"

    return Claim(
        queue,
        VOLUME_LOST,
        [(queue, "volume-lost")],
        lambda report: lost(report, queue, "volume-lost") > 0,
        because,
    )


def _is_safer(report: Report) -> bool:
    theirs = [lost(report, OF_THE_NOTE, fault) for fault in KEEPS_VOLUME]
    ours = [lost(report, "database", fault) for fault in KEEPS_VOLUME]
    return sum(ours) < sum(theirs)


def _what_is_lost(report: Report) -> str:
    def both(fault: str) -> str:
        theirs = share_lost(report, OF_THE_NOTE, fault)
        return f"{TITLES[fault]} {share_lost(report, 'database', fault)}, Redis with AOF everysec {theirs}"

    return f"jobs lost: {'; '.join(map(both, KEEPS_VOLUME))}"


def _is_slower(report: Report) -> bool:
    names = ("enqueue_per_s", "drain_per_s")
    return all(rate(report, "database", name) < rate(report, OF_THE_NOTE, name) for name in names)


def _how_quick(report: Report) -> str:
    def each(verb: str, name: str) -> str:
        ours, theirs, always = (
            f"{rate(report, queue, name):,.0f}" for queue in ("database", OF_THE_NOTE, "redis-aof-always")
        )
        return (
            f"it {verb} {ours} messages a second, Redis {theirs} with AOF everysec and {always} with always"
        )

    return f"{each('takes', 'enqueue_per_s')}; {each('gives out', 'drain_per_s')}"


CLAIMS = (
    _needs_aof("redis-none", "restart"),
    _volume_lost("redis-none"),
    _needs_aof("redis-rdb", "kill-9"),
    _volume_lost("redis-rdb"),
    _is_enough(OF_THE_NOTE, "kill-9"),
    _is_enough(OF_THE_NOTE, "power-loss"),
    _volume_lost(OF_THE_NOTE),
    _is_enough("redis-aof-always", "kill-9"),
    _is_enough("redis-aof-always", "power-loss"),
    _volume_lost("redis-aof-always"),
    Claim(
        "database",
        SAFER,
        [(queue, fault) for queue in ("database", OF_THE_NOTE) for fault in KEEPS_VOLUME],
        _is_safer,
        _what_is_lost,
    ),
    Claim(
        "database",
        SLOWER,
        [(queue, "kill-9") for queue in ("database", OF_THE_NOTE, "redis-aof-always")],
        _is_slower,
        _how_quick,
    ),
    _volume_lost("database", "with a backup of its events made after the last request"),
)
