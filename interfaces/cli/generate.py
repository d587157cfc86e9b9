"""`moviemind generate`: ask for films by slug, or for a whole file of them."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.values import ContextTag, JobStatus, Locale
from interfaces.cli.client import Client, ServiceRefused
from interfaces.cli.films import FilmRow, count_films, read_films
from interfaces.cli.following import follow_all
from interfaces.cli.options import AsJson, DataDir
from interfaces.cli.output import complain, facts, out, progress
from interfaces.cli.service import connected

CONNECTIONS = 8
CHUNK = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """A film that was asked for: the job that makes or made its text, or why there is none."""

    line: int
    slug: str | None
    job_id: str | None
    was_described: bool
    error: str | None = None


def generate(
    slugs: Annotated[list[str] | None, typer.Argument(help="Films, such as the-matrix-1999.")] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="CSV file of films: title,year,director,genre.")
    ] = None,
    locale: Annotated[Locale, typer.Option(help="Language of the description.")] = Locale.EN_US,
    context_tag: Annotated[ContextTag, typer.Option(help="Style of the description.")] = ContextTag.DEFAULT,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the descriptions are written.")] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Ask for descriptions. What is described or being written already is not written again.

    Without a running service the command does the work itself, and so always waits.
    """
    if bool(slugs) == bool(from_file):
        raise typer.BadParameter("name films by slug, or a file of them with --from FILE")
    rows: Iterable[FilmRow] = [FilmRow(n, {"slug": slug}) for n, slug in enumerate(slugs or [], 1)]
    total: int | None = len(slugs or [])
    if from_file:
        # A pipe can be read only once; its progress has no end to show.
        rows, total = read_films(from_file), None if from_file.is_fifo() else count_films(from_file)
    variant = {
        "locale": locale,
        "context_tag": context_tag,
        "priority": "bulk" if from_file else "interactive",
    }
    with connected(data_dir, works=True, connections=CONNECTIONS) as service:
        asked = _ask_all(rows, total, variant, service.client)
        jobs = dict.fromkeys(one.job_id for one in asked if one.job_id and not one.was_described)
        waits = wait or service.is_own
        ended = follow_all(list(jobs), service.client) if waits else []
    summary = _summary(asked, len(jobs), ended, waits=waits)
    _report(asked, ended, summary, from_file=from_file is not None, as_json=as_json)
    if summary["errors"] or summary["failed"]:
        raise typer.Exit(1)


def _ask_all(
    rows: Iterable[FilmRow], total: int | None, variant: dict[str, str], client: Client
) -> list[Asked]:
    def ask(row: FilmRow) -> Asked:
        if row.request is None:
            return Asked(row.line, None, None, False, row.error)
        try:
            answer = client.generate(row.request | variant)
        except ServiceRefused as refusal:
            return Asked(row.line, row.request["slug"], None, False, str(refusal))
        return Asked(row.line, answer["slug"], answer["job_id"], answer["status"] == JobStatus.DONE)

    asked: list[Asked] = []
    with ThreadPoolExecutor(CONNECTIONS) as pool, progress() as bar:
        task = bar.add_task("asking", total=total)
        for chunk in _chunks(rows):
            for one in pool.map(ask, chunk):
                asked.append(one)
                bar.advance(task)
    return asked


def _chunks(rows: Iterable[FilmRow]) -> Iterator[list[FilmRow]]:
    """A file may be of any size; only a chunk of it is in flight."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield chunk


def _summary(asked: list[Asked], jobs: int, ended: list[dict[str, Any]], *, waits: bool) -> dict[str, int]:
    statuses = Counter(job["status"] for job in ended)
    return {
        "films": len(asked),
        "described_already": sum(one.was_described for one in asked),
        "jobs": jobs,
        "written": statuses[JobStatus.DONE],
        "failed": len(ended) - statuses[JobStatus.DONE],
        "still_being_written": 0 if waits else jobs,
        "errors": sum(one.error is not None for one in asked),
    }


def _report(
    asked: list[Asked],
    ended: list[dict[str, Any]],
    summary: dict[str, int],
    *,
    from_file: bool,
    as_json: bool,
) -> None:
    wrong = [one for one in asked if one.error]
    if as_json:
        errors = [{"line": one.line, "slug": one.slug, "error": one.error} for one in wrong]
        out.print_json(json.dumps({"summary": summary, "jobs": ended, "errors": errors}))
        return
    for one in wrong:
        complain(f"line {one.line}: {one.error}" if from_file else str(one.error))
    for job in ended:
        if job["error"]:
            complain(f"{job['slug']}: {job['error']['message']}")
    facts("Summary", [(name.replace("_", " "), count) for name, count in summary.items()])
