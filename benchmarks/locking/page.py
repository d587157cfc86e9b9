"""docs/locking.md: the figures of a run beside what the note had judged by hand.

Every figure on the page comes from the report. The words beside a strategy say why it behaves as it does;
whether a run bears them out is in the tables above them.
"""

from collections.abc import Callable, Iterator, Sequence
from inspect import cleandoc

from benchmarks.locking.faults import FAULTS
from benchmarks.locking.judgements import JUDGEMENTS, Judgement
from benchmarks.locking.report import Cell, Report

PAGE, OUTCOMES, OVERHEAD = "locking.md", "locking-outcomes.svg", "locking-overhead.svg"

_INTRO = """
# Which lock keeps a film from being described twice?

<!-- Written by `moviemind lab locking --out docs`; a change here would be lost. -->

The note that this service comes from compared ways to lock by judgement. Here they are measured: the same work
under each of them, on real servers and real processes, while things go wrong.

{clients} clients ask for a film at the same time. {workers} worker processes take the jobs from a queue of the
lab, which delivers a job again when its worker falls silent, whatever the strategy. A paid model, a server that
counts, takes its time for each text. Afterwards the store itself is looked into. Each strategy is one file of
`benchmarks/locking/strategies/`, written as its best advocate would; ours is the application's own code.

The note's times are divided by {scale:g}: a lock lives {ttl:g} s instead of 30 and is waited for up to
{block:.2g} s instead of 10; a silent job comes back after {visibility:g} s instead of 90. Where a cell was
played in several rounds, what must not happen and what was paid are those of the worst round, times and round
trips are medians.
"""

_LIMITS = """
## How to read it

- A **text too many** is a second accepted description of a film. A **contradiction** is an answer that names
  another description than the first answer about that film did. A job is **lost** when its client got no answer:
  all tries failed, or its patience of {patience:g} s was over.
- Round trips are counted in the processes that make them: each command or pipeline sent to Redis, each exchange
  with PostgreSQL, each statement of SQLite. They are those of requests and jobs; heartbeats and what folds the
  views of ours beside the jobs are left out, as they do the same when nobody asks.
- Different films are asked for by as many clients as there are workers, each for one after the other, and a text
  takes 50 ms. Overhead is the median latency there, less that with no lock at all.
- Ours is given more than the table shows: a claim that no clock ends, a rescuer that ends those of dead
  workers. Its limit has to be above the deadline of the writer, or the settings are refused, so that a slow
  writer is no fault for it. A lock whose TTL is above the longest write would not meet that fault either.
- Redlock loses one server of its three where the others lose their only one.
"""


def page(report: Report) -> str:
    parts = [_intro(report), *_conditions(report), *_outcomes(report), *_at_the_notes_times(report)]
    parts += _costs(report)
    parts += [cleandoc(_LIMITS).format(patience=report.environment["patience_seconds"]), *_words(report)]
    return "\n\n".join(parts) + "\n"


def _intro(report: Report) -> str:
    about = report.environment
    return cleandoc(_INTRO).format(
        clients=report.cells[0].clients if report.cells else 0,
        workers=about["workers"],
        scale=about["scale"],
        ttl=about["ttl_seconds"],
        block=about["block_seconds"],
        visibility=about["visibility_seconds"],
    )


def _conditions(report: Report) -> Iterator[str]:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.environment.items())
    yield f"Rounds: {report.rounds}. Measured on: {told}."


def _outcomes(report: Report) -> Iterator[str]:
    faults = [name for name in FAULTS if any(cell.fault == name for cell in report.cells)]
    rows = [
        [f"`{strategy}`", *(_outcome(_cell(report, strategy, fault)) for fault in faults)]
        for strategy in _strategies(report)
    ]
    yield "## What came of it"
    yield f"![Outcome of every strategy under every fault]({OUTCOMES})"
    yield _table(["same film", *faults], rows)
    yield "\n".join(f"- **{name}**: {FAULTS[name].about}" for name in faults)


def _at_the_notes_times(report: Report) -> Iterator[str]:
    if report.at_the_notes_times:
        yield "The cache locks once more, with the note's own 30 s and 10 s:"
        yield _table(
            ["", "fault", "outcome"],
            [[f"`{cell.strategy}`", cell.fault, _outcome(cell)] for cell in report.at_the_notes_times],
        )


def _costs(report: Report) -> Iterator[str]:
    same = [cell for cell in report.cells if cell.fault == "none" and cell.films == "same"]
    different = {cell.strategy: cell for cell in report.cells if cell.films == "different"}
    if not different:
        return
    rows = [
        [f"`{cell.strategy}`", *_latency(cell), *_on_different_films(different[cell.strategy], report)]
        for cell in same
    ]
    yield "## What it costs when nothing goes wrong"
    yield f"![Overhead of every strategy against no lock]({OVERHEAD})"
    columns = ["same film: p50 ms", "p99 ms", "paid", "different films: p50 ms", "p99 ms", "films/s"]
    yield _table(["", *columns, "overhead ms", "Redis trips a job", "database trips a job"], rows)


def _latency(cell: Cell) -> list[str]:
    return [_figure(cell.p50_ms), _figure(cell.p99_ms), str(cell.paid_calls)]


def _on_different_films(cell: Cell, report: Report) -> list[str]:
    jobs = max(cell.accepted_descriptions, 1)
    return [
        _figure(cell.p50_ms),
        _figure(cell.p99_ms),
        f"{cell.throughput_per_s:.1f}",
        _figure(overhead_ms(cell, report)),
        f"{cell.redis_round_trips / jobs:.1f}",
        f"{cell.database_round_trips / jobs:.1f}",
    ]


def overhead_ms(cell: Cell, report: Report) -> float | None:
    """Against no lock at all, where that was measured too."""
    unlocked = [one.p50_ms for one in report.cells if (one.strategy, one.films) == ("none", "different")]
    if not unlocked or unlocked[0] is None or cell.p50_ms is None:
        return None
    return cell.p50_ms - unlocked[0]


def _words(report: Report) -> Iterator[str]:
    yield "## One by one"
    for strategy in _strategies(report):
        judged = JUDGEMENTS[strategy]
        yield f"### {strategy}"
        yield _judged(judged)
        yield f"Measured: {'; '.join(_measured(report, strategy))}."
        yield cleandoc(judged.words)


def _judged(judged: Judgement) -> str:
    return f"The note ({judged.row}): {judged.note}" if judged.row else "The note does not judge it."


def _measured(report: Report, strategy: str) -> Iterator[str]:
    for what, is_so in _FINDINGS.items():
        found = [cell.fault for cell in report.cells if cell.strategy == strategy and is_so(cell)]
        yield f"{what} under {', '.join(dict.fromkeys(found))}" if found else f"never {what}"


_FINDINGS: dict[str, Callable[[Cell], bool]] = {
    "a text too many": lambda cell: cell.duplicates > 0,
    "answers that contradict each other": lambda cell: cell.contradictory_answers > 0,
    "more paid than accepted": lambda cell: cell.paid_calls > cell.accepted_descriptions,
    "a lost job": lambda cell: cell.lost_jobs > 0,
}


def _outcome(cell: Cell | None) -> str:
    if cell is None:
        return ""
    bad = [
        f"**{count} {what}**"
        for count, what in (
            (cell.duplicates, "too many"),
            (cell.contradictory_answers, "contradictions"),
            (cell.lost_jobs, "lost"),
        )
        if count
    ]
    return ", ".join([*(bad or ["one each"]), f"{cell.paid_calls} paid", f"p99 {_figure(cell.p99_ms)} ms"])


def _cell(report: Report, strategy: str, fault: str) -> Cell | None:
    wanted = (strategy, fault, "same")
    return next((one for one in report.cells if (one.strategy, one.fault, one.films) == wanted), None)


def _strategies(report: Report) -> list[str]:
    return list(dict.fromkeys(cell.strategy for cell in report.cells))


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:,.1f}"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
