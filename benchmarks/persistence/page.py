"""The page `docs/persistence.md`: what was measured, beside what the note said."""

from collections.abc import Iterator
from pathlib import Path

from benchmarks.persistence import tables
from benchmarks.persistence.claims import claims_about
from benchmarks.persistence.faults import RESTORED
from benchmarks.persistence.queues import QUEUES, KeptQueue
from benchmarks.persistence.report import Cell, Report

PROSE = Path(__file__).with_name("prose")

CHOICES = {
    "redis-none": "Choose it when something behind it can send every message again.",
    "redis-rdb": "It loses what came after the last snapshot: on a queue that is little used an hour of work."
    " Choose it for backups beside AOF, not in its place.",
    "redis-aof-everysec": "What the server has written its crash does not take, since the kernel has it; the"
    " fall of the host takes what was not synced. Choose it, as the shipped `redis.conf` does, when"
    " something behind it can send that second again.",
    "redis-aof-always": "Choose it when a queue in Redis is all that knows of a job, and mind its volume.",
    "database": "Choose it when one server less to run is worth more than speed. Events and messages share"
    " a volume: it is the one to back up, while a Redis may lose its own at any time.",
}


def page(report: Report) -> str:
    parts = [_prose("introduction"), _found(report), tables.losses(report), "## Queue by queue\n"]
    parts += [part for queue in QUEUES for part in _about(queue, report)]
    parts += ["## All figures\n", tables.markdown(report), _prose("method"), "## Where it was measured\n"]
    parts += [f"- rounds of each cell: {report.rounds}"]
    parts += [f"- {name.replace('_', ' ')}: {fact}" for name, fact in report.environment.items()]
    return "\n".join(parts) + "\n"


def _found(report: Report) -> str:
    rounds = [one for cell in report.cells for one in cell.rounds]
    jobs, lost = sum(one.jobs for one in rounds), sum(one.jobs_lost_with_event_store for one in rounds)
    return (
        f"**With the event store behind the queue {lost} of {jobs:,} accepted jobs were lost**, in"
        f" {len(rounds)} rounds of {len(report.cells)} cells. Without it, jobs lost of those"
        " whose messages were acknowledged:\n"
    )


def _about(queue: KeptQueue, report: Report) -> Iterator[str]:
    if not any(report.of(queue.name)):
        return
    yield f"### {queue.title}\n"
    for claim in claims_about(queue.name, report):
        verdict = "Confirmed" if claim.holds(report) else "Contradicted"
        yield f"- *{claim.says}*. **{verdict}**: {claim.because(report)}."
    yield from (_backed_up(cell) for cell in report.of(queue.name) if cell.fault == RESTORED.name)
    yield f"\n{CHOICES[queue.name]}\n"


def _backed_up(cell: Cell) -> str:
    return (
        f"- A backup of {cell.median('backup_bytes') / 1024:,.0f} KiB took {cell.median('backup_s'):.2f} s."
        f" Started from it, the queue had lost {cell.worst().jobs_lost_alone:,} of"
        f" {cell.worst().messages:,} jobs: those that came after it."
    )


def _prose(name: str) -> str:
    return (PROSE / f"{name}.md").read_text(encoding="utf-8")
