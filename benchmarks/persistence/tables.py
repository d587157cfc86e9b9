"""The report as a table, for a console and for a page."""

import statistics
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.markdown import table
from benchmarks.persistence import faults, queues
from benchmarks.persistence.queues import KeptQueue
from benchmarks.persistence.report import Cell, Report

HEAD = {
    "queue": "queue",
    "fault": "fault",
    "messages": "sent",
    "messages lost": "lost",
    "jobs lost alone": "alone",
    "jobs lost with event store": "behind",
    "enqueue/s": "in/s",
    "drain/s": "out/s",
    "recovery s": "back",
    "sent again s": "again",
}
"""Of the page, and where there is less room."""

LEGEND = (
    "sent, lost: messages; alone, behind: jobs lost without and with the event store; in/s, out/s: messages"
    " enqueued and drained a second; back: seconds until the server answers; again: and until all that is due"
    " waits in the queue once more"
)

NUMBERS_FROM = 2
NOT_MEASURED = "not measured"


def console(report: Report) -> Table:
    """As wide as a terminal of old."""
    shown = Table(caption=LEGEND, caption_justify="left", box=SIMPLE_HEAD, padding=0, show_edge=False)
    for number, name in enumerate(HEAD.values()):
        is_number = number >= NUMBERS_FROM
        shown.add_column(name, justify="right" if is_number else "left", no_wrap=not is_number)
    for cell in report.cells:
        shown.add_row(cell.queue, cell.fault, *_figures(cell))
    return shown


def markdown(report: Report) -> str:
    return table(list(HEAD), map(_row, report.cells), numbers_from=NUMBERS_FROM) + "\n"


def losses(report: Report) -> str:
    """Queues down, faults across, and how quickly each queue works and is backed up where no power is cut."""
    head = ("queue", "the note", *faults.TITLES.values(), "enqueue/s", "drain/s", "backup s", "backup KiB")
    rows = [_losses(report, queue) for queue in queues.QUEUES if any(report.of(queue.name))]
    return table(head, rows, numbers_from=NUMBERS_FROM) + "\n"


def _losses(report: Report, queue: KeptQueue) -> list[str]:
    cells = {cell.fault: cell for cell in report.of(queue.name)}
    rates = (report.rates(queue.name, name) for name in ("enqueue_per_s", "drain_per_s"))
    return [
        queue.title,
        queue.note,
        *(_share(cells.get(fault)) for fault in faults.TITLES),
        *map(_spread, rates),
        *_backup(cells.get(faults.RESTORED.name)),
    ]


def _spread(rates: Sequence[float]) -> str:
    """The median, and from where to where they went."""
    if not rates:
        return NOT_MEASURED
    return f"{statistics.median(rates):,.0f} ({rates[0]:,.0f} to {rates[-1]:,.0f})"


def _backup(cell: Cell | None) -> tuple[str, str]:
    if cell is None:
        return NOT_MEASURED, NOT_MEASURED
    return f"{cell.median('backup_s'):.2f}", f"{cell.median('backup_bytes') / 1024:,.0f}"


def _share(cell: Cell | None) -> str:
    if cell is None:
        return NOT_MEASURED
    worst = cell.worst()
    return f"{worst.jobs_lost_alone:,} of {worst.messages:,}"


def _row(cell: Cell) -> list[str]:
    return [queues.TITLES[cell.queue], faults.TITLES[cell.fault], *_figures(cell)]


def _figures(cell: Cell) -> Iterator[str]:
    worst = cell.worst()
    for count in (worst.messages, worst.messages_lost, worst.jobs_lost_alone):
        yield f"{count:,}"
    yield str(cell.most_jobs_lost())
    yield f"{cell.median('enqueue_per_s'):,.0f}"
    yield f"{cell.median('drain_per_s'):,.0f}"
    yield f"{cell.median('recovery_s'):.2f}"
    yield f"{cell.median('resent_s'):.2f}"
