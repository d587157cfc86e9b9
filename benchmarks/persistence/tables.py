"""The report as a table, for a console and for a page."""

from collections.abc import Iterable, Iterator, Sequence

from rich.table import Table

from benchmarks.persistence import faults, queues
from benchmarks.persistence.report import Cell, Report

HEAD = (
    "queue",
    "fault",
    "messages",
    "lost",
    "jobs lost alone",
    "with event store",
    "enqueue/s",
    "drain/s",
    "recovery s",
    "sent again s",
)
NUMBERS_FROM = 2
NOT_MEASURED = "not measured"


def console(report: Report) -> Table:
    table = Table(title=f"medians of {report.rounds} rounds", title_justify="left")
    for number, name in enumerate(HEAD):
        table.add_column(name, justify="right" if number >= NUMBERS_FROM else "left")
    for cell in report.cells:
        table.add_row(cell.queue, cell.fault, *_figures(cell))
    return table


def markdown(report: Report) -> str:
    rows = [HEAD, ["---"] * NUMBERS_FROM + ["---:"] * (len(HEAD) - NUMBERS_FROM), *map(_row, report.cells)]
    return _table(rows) + "\n"


def losses(report: Report) -> str:
    """Queues down, faults across, and how quickly each queue works where no power is cut."""
    head = ("queue", *faults.TITLES.values(), "enqueue/s", "drain/s")
    rows = [_losses(report, queue) for queue in queues.TITLES if any(report.of(queue))]
    return _table([head, ["---"] + ["---:"] * (len(head) - 1), *rows]) + "\n"


def _losses(report: Report, queue: str) -> list[str]:
    cells = {cell.fault: cell for cell in report.of(queue)}
    rates = (report.rate(queue, name) for name in ("enqueue_per_s", "drain_per_s"))
    return [
        queues.TITLES[queue],
        *(_share(cells.get(fault)) for fault in faults.TITLES),
        *(NOT_MEASURED if rate is None else f"{rate:,.0f}" for rate in rates),
    ]


def _share(cell: Cell | None) -> str:
    if cell is None:
        return NOT_MEASURED
    return f"{cell.median('jobs_lost_alone'):,.0f} of {cell.median('messages'):,.0f}"


def _table(rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(cell: Cell) -> list[str]:
    return [queues.TITLES[cell.queue], faults.TITLES[cell.fault], *_figures(cell)]


def _figures(cell: Cell) -> Iterator[str]:
    for name in ("messages", "messages_lost", "jobs_lost_alone"):
        yield f"{cell.median(name):,.0f}"
    yield str(cell.most_jobs_lost())
    yield f"{cell.median('enqueue_per_s'):,.0f}"
    yield f"{cell.median('drain_per_s'):,.0f}"
    yield f"{cell.median('recovery_s'):.2f}"
    yield f"{cell.median('resent_s'):.2f}"
