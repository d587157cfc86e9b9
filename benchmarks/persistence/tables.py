"""The report as a table, for a console and for a page."""

from collections.abc import Iterator

from rich.table import Table

from benchmarks.persistence.faults import FAULTS
from benchmarks.persistence.queues import QUEUES
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

QUEUE_TITLES = {queue.name: queue.title for queue in QUEUES}
FAULT_TITLES = {fault.name: fault.title for fault in FAULTS}


def console(report: Report) -> Table:
    table = Table(title=f"medians of {report.rounds} rounds", title_justify="left")
    for number, name in enumerate(HEAD):
        table.add_column(name, justify="right" if number >= NUMBERS_FROM else "left")
    for cell in report.cells:
        table.add_row(*_row(cell))
    return table


def markdown(report: Report) -> str:
    rows = [HEAD, ["---"] * NUMBERS_FROM + ["---:"] * (len(HEAD) - NUMBERS_FROM), *map(_row, report.cells)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(cell: Cell) -> list[str]:
    return [QUEUE_TITLES[cell.queue], FAULT_TITLES[cell.fault], *_figures(cell)]


def _figures(cell: Cell) -> Iterator[str]:
    for name in ("messages", "messages_lost", "jobs_lost_alone"):
        yield f"{cell.median(name):,.0f}"
    yield str(cell.most_jobs_lost())
    yield f"{cell.median('enqueue_per_s'):,.0f}"
    yield f"{cell.median('drain_per_s'):,.0f}"
    yield f"{cell.median('recovery_s'):.2f}"
    yield f"{cell.median('resent_s'):.2f}"
