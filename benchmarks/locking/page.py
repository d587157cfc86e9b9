"""docs/locking.md: the figures of a run beside what the note had judged by hand.

Every figure on the page comes from the report. The words beside a strategy say why it behaves as it does;
whether a run bears them out is in the tables above them.
"""

from collections.abc import Callable, Iterator, Sequence
from inspect import cleandoc

from benchmarks.locking.claims import claims_about, under
from benchmarks.locking.faults import FAULTS
from benchmarks.locking.judgements import JUDGEMENTS
from benchmarks.locking.report import Cell, Films, Report
from benchmarks.markdown import table

PAGE, OUTCOMES, OVERHEAD = "locking.md", "locking-outcomes.svg", "locking-overhead.svg"

_INTRO = """
# Which lock keeps a film from being described twice?

<!-- Written by `moviemind lab locking --out docs`; a change here would be lost. -->

The note that this service comes from compared ways to lock by judgement. Here they are measured: the same work
under each of them, on real servers and real processes, while things go wrong.

{clients} clients ask for a film, half of them at the same moment and the others once a fault has struck, or at once
where there is none. {workers} worker processes take the jobs from a queue of the lab, which delivers a job again when its worker falls silent, whatever the strategy. A paid model, a server that
counts, takes its time for each text. Afterwards the store itself is looked into. Each strategy has its file in
`benchmarks/locking/strategies/`, written as its best advocate would; ours is the application's own code.

The note's times are divided by {scale:g}: a lock lives {ttl:g} s instead of 30 and is waited for up to
{block:.2g} s instead of 10; a silent job comes back after {visibility:g} s instead of 90, the in-flight token of A6 lives
{token:g} s instead of 15 minutes. Where a cell was played in several rounds, what must not happen and what was paid are
those of the worst round, times and round trips are medians.
"""

_LIMITS = """
## How to read it

- A **text too many** is a second accepted description of a film. A **contradiction** is an answer that names
  another description than the first answer about that film did, also one that nobody waited for any more. A job is
  **lost** when a request got no answer: all tries failed, or its client's patience of {patience:g} s was over. Under
  client-retry every client sends two requests, under released-by-another one client more asks.
- Every fault is seen to strike while the first worker waits for its text; a round in which it came too late is
  played again.
- Times are from request to answer, of requests that got one. Of fewer than a hundred, p99 is the slowest.
- Round trips are counted in the processes that make them: each command or pipeline sent to Redis, each exchange
  with PostgreSQL, each statement of SQLite. They are those of requests, of workers while they have a job, with what
  extends a lock or tells of life meanwhile, and of ours also all of the process beside them, which folds the views,
  looks for jobs that are due, and sends them. That process also looks when there is nothing to do, so that ours has
  more trips a job where there are fewer jobs a second. What a worker had done before it was killed is not counted.
- Different films are asked for by as many clients as there are workers. Where nothing goes wrong each asks for one
  after the other, and a text takes 50 ms. Overhead is the median latency there, less that with no lock at all, which
  was measured beside each round, now before it and now behind it; where the rounds of two strategies overlap, it is
  said that they cannot be told apart. Other figures of two strategies are from different minutes. Beside the rounds
  of ours that process of its own goes on while no lock at all is measured.
- Cells without a fault are measured with nothing beside them, those under faults {lanes} at a time, with servers and
  workers of their own, and beside them those at the note's own times.
- Films a second are those of as many clients, each of which waits for one text before it asks for the next.
- A rival takes a request at no cost, and keeps nothing of it: the lab's queue stands for one that loses nothing. Its
  job is put there by whoever takes the request. Ours go their own way: the request is saved, a projector folds it into
  the jobs view, and the dispatcher finds it there and puts it into the same queue. Requests of ours are taken in the
  lab's own process, beside its clients, its queue and its model.
- Ours is given more than the table shows: a claim whose limit is above the deadline of the writer, or its settings are
  refused, so that a slow writer is no fault for it; and a rescuer that ends the claims of workers that are silent for as
  long as a lock lives, where the queue takes three times as long to send a job again. Its in-flight tokens and its waits
  for a Redis that is away keep their own times. A lock whose TTL is above the longest write, or that is extended as those
  of A4 are here, does not meet the slow writer either: for those, released-by-another takes the lock of a holder that
  still has it. What extends them is a thread, and part of their overhead.
- `select-for-update` is given a limit too: PostgreSQL ends a transaction whose holder has been silent for two and a
  half lifetimes of a lock.
- Every rival releases its lock only where it is still its own. What that check is worth is seen under
  writer-slower-than-ttl, where the first holder comes late; released-by-another is what happens without it.
- The lab's model is free of charge to ours: permits, budgets and the breaker before a paid one are not compared. Nor
  are queues: that of the lab takes the place of all.
- Redlock loses one server of its three where the others lose their only one.
"""


def page(report: Report) -> str:
    about = report.environment
    parts = [_intro(report), *_conditions(report), *_outcomes(report), *_at_the_notes_times(report)]
    parts += [*_costs(report), *_judged(report)]
    parts += [
        cleandoc(_LIMITS).format(patience=about["patience_seconds"], lanes=about["lanes"]),
        *_words(report),
    ]
    return "\n\n".join(parts) + "\n"


def _intro(report: Report) -> str:
    about = report.environment
    return cleandoc(_INTRO).format(
        clients=report.cells[0].clients if report.cells else 0,
        workers=about["workers"],
        scale=about["scale"],
        ttl=about["ttl_seconds"],
        token=about["token_seconds"],
        block=about["block_seconds"],
        visibility=about["visibility_seconds"],
    )


def _conditions(report: Report) -> Iterator[str]:
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in report.environment.items())
    yield f"Rounds: {report.rounds}. Measured on: {told}."


def _outcomes(report: Report) -> Iterator[str]:
    faults = [name for name in FAULTS if any(cell.fault == name for cell in report.cells)]
    yield "## What came of it"
    yield f"![Outcome of every strategy under every fault]({OUTCOMES})"
    yield table(["same film", *faults], _outcome_rows(report, faults, "same"))
    ttl = report.environment["ttl_seconds"]
    yield "\n".join(f"- **{name}**: {FAULTS[name].about}. {FAULTS[name].told(ttl)}" for name in faults)
    if any(cell.films == "different" and cell.fault != "none" for cell in report.cells):
        yield "The same faults where each client asks for a film of its own, and the fault befalls the first:"
        yield table(["different films", *faults], _outcome_rows(report, faults, "different"))


def _outcome_rows(report: Report, faults: Sequence[str], films: Films) -> list[list[str]]:
    return [
        [f"`{strategy}`", *(_outcome(_cell(report, strategy, fault, films)) for fault in faults)]
        for strategy in _strategies(report)
    ]


def _at_the_notes_times(report: Report) -> Iterator[str]:
    if report.at_the_notes_times:
        yield "The cache locks once more, with the note's own 30 s and 10 s, in one round:"
        yield table(
            ["", "fault", "outcome"],
            [[f"`{cell.strategy}`", cell.fault, _outcome(cell)] for cell in report.at_the_notes_times],
        )


def _costs(report: Report) -> Iterator[str]:
    same = [cell for cell in report.cells if cell.fault == "none" and cell.films == "same"]
    different = report.undisturbed()
    if not different:
        return
    rows = [
        [f"`{cell.strategy}`", *_latency(cell), *_on_different_films(different[cell.strategy], report)]
        for cell in same
    ]
    yield "## What it costs when nothing goes wrong"
    if report.overhead_ms:
        yield f"![Overhead of every strategy against no lock]({OVERHEAD})"
    columns = ["same film: p50 ms", "p99 ms", "paid", "different films: p50 ms", "p99 ms", "films/s"]
    yield table(["", *columns, "overhead ms", "Redis trips a job", "database trips a job"], rows)


def _latency(cell: Cell) -> list[str]:
    return [_figure(cell.p50_ms), _figure(cell.p99_ms), str(cell.paid_calls)]


def _on_different_films(cell: Cell, report: Report) -> list[str]:
    jobs = max(cell.accepted_descriptions - cell.duplicates, 1)
    return [
        _figure(cell.p50_ms),
        _figure(cell.p99_ms),
        f"{cell.throughput_per_s:.1f}",
        _figure(report.overhead_ms.get(cell.strategy)),
        f"{cell.redis_round_trips / jobs:.1f}",
        f"{cell.database_round_trips / jobs:.1f}",
    ]


def _judged(report: Report) -> Iterator[str]:
    yield "## Beside the note's judgement"
    yield "What the note said by judgement, in its four columns, each with what was found; complexity with what it needs."
    columns = ["overhead", "consistency", "complexity", "risk of duplicates"]
    rows = []
    for strategy in _strategies(report):
        judged, cells = JUDGEMENTS[strategy], [one for one in report.cells if one.strategy == strategy]
        faults = {cell.fault for cell in cells}
        right = faults - {cell.fault for cell in cells if not cell.is_right}
        found = [
            f"**{_figure(report.overhead_ms.get(strategy))} ms**",
            f"**right in {len(right)} of {len(faults)} cases**",
            f"**{judged.needs}**",
            f"**{max(cell.duplicates for cell in cells)} at worst**",
        ]
        said = [judged.overhead, judged.consistency, judged.complexity, judged.risk]
        both = [f"{words}; {figure}" if words else figure for words, figure in zip(said, found, strict=True)]
        rows.append([f"`{strategy}`", judged.row, *both])
    yield table(["", "row", *columns], rows)


def _words(report: Report) -> Iterator[str]:
    yield "## One by one"
    for strategy in _strategies(report):
        yield f"### {strategy}"
        yield f"Measured: {'; '.join(_measured(report, strategy))}."
        if verdicts := [*_verdicts(report, strategy)]:
            yield "\n".join(verdicts)
        yield cleandoc(JUDGEMENTS[strategy].words)


def _verdicts(report: Report, strategy: str) -> Iterator[str]:
    for claim in claims_about(strategy, report):
        yield f"- *{claim.says}*. **{_VERDICTS[claim.holds(report)]}**: {claim.because(report)}."


_VERDICTS = {True: "Confirmed", False: "Contradicted", None: "Cannot be told"}


def _measured(report: Report, strategy: str) -> Iterator[str]:
    ttl_ms = report.environment["ttl_seconds"] * 1_000
    cells = [cell for cell in report.cells if cell.strategy == strategy]
    for what, is_so in _FINDINGS.items():
        same, different = (
            [cell.fault for cell in cells if cell.films == films and is_so(cell, ttl_ms)]
            for films in ("same", "different")
        )
        is_always = len(same) == sum(cell.films == "same" for cell in cells) > 1
        told = ["under every fault and under none"] if is_always else [under(same)] if same else []
        told += [f"on different films {under(different)}"] if different else []
        yield f"{what} {', '.join(told)}" if told else f"never {what}"


_FINDINGS: dict[str, Callable[[Cell, float], bool]] = {
    "a text too many": lambda cell, _: cell.duplicates > 0,
    "answers that contradict each other": lambda cell, _: cell.contradictory_answers > 0,
    "more than one payment for a film": lambda cell, _: cell.pays_twice,
    "a lost job": lambda cell, _: cell.lost_jobs > 0,
    "a client that waits for three lifetimes of a lock or longer, in most rounds": lambda cell, ttl: (
        cell.p99_ms is None or cell.p99_ms >= 3 * ttl
    ),
}


def _outcome(cell: Cell | None) -> str:
    if cell is None:
        return ""
    bad = [
        f"**{count} {what}**"
        for count, what in (
            (cell.duplicates, "too many"),
            (cell.contradictory_answers, "contradictory"),
            (cell.lost_jobs, "lost"),
        )
        if count
    ]
    return ", ".join([*(bad or ["one each"]), f"{cell.paid_calls} paid", f"p99 {_figure(cell.p99_ms)} ms"])


def _cell(report: Report, strategy: str, fault: str, films: Films) -> Cell | None:
    wanted = (strategy, fault, films)
    return next((one for one in report.cells if (one.strategy, one.fault, one.films) == wanted), None)


def _strategies(report: Report) -> list[str]:
    return list(dict.fromkeys(cell.strategy for cell in report.cells))


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:,.1f}"
