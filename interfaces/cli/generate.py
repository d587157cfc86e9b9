"""`moviemind generate`: ask for films by slug, or for a whole file of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from domain.errors import MovieMindError
from domain.values import ContextTag, Locale, Priority
from interfaces.cli.asking import CONNECTIONS, Asked, RowError, ask_all
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.films import FilmRow, count_films, read_films
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import complain, facts, hint, say
from interfaces.cli.previewing import Previewed, preview_all
from interfaces.cli.service import connected
from interfaces.client.calls import Wanted
from interfaces.http.schemas.generation import JobAnswer

KEPT = 1_000
"""How many bad rows, jobs and films JSON lists; the counts in its summary have no such bound."""

AsJson = Annotated[str | None, json_option(("summary", "errors", "jobs", "films"))]


def generate(
    slugs: Annotated[list[str] | None, typer.Argument(help="Films, such as the-matrix-1999.")] = None,
    from_file: Annotated[
        Path | None, typer.Option("--from", help="CSV file of films: title,year,director,genre.")
    ] = None,
    locale: Annotated[Locale, typer.Option(help="Language of the descriptions.")] = Locale.EN_US,
    context_tag: Annotated[
        list[ContextTag] | None,
        typer.Option(help="Style of the descriptions; repeat it for several.", show_default="DEFAULT"),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000_000, help="Only so many films of the file, from its beginning."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Ask for another text where there is one; not with --from.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be asked, and what it would cost.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the descriptions are written.")] = False,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Ask for descriptions. What is described or being written already is not written again, so a file
    that was interrupted is simply asked for again.

    Without a running service the command does the work itself, and so always waits.
    """
    if bool(slugs) == bool(from_file):
        raise typer.BadParameter("name films by slug, or a file of them with --from FILE")
    if from_file and force:
        raise typer.BadParameter("--force would write a file that is asked for again once more; name slugs")
    rows, total = _rows(slugs or [], from_file, limit)
    context_tags = context_tag or []
    wanted: Wanted = {
        "locale": locale,
        "priority": Priority.BULK if from_file else Priority.INTERACTIVE,
        "force": force,
    }
    report = _Report(is_file=from_file is not None, as_json=as_json)
    with connected(data_dir, url, works=not dry_run, connections=CONNECTIONS) as service:
        if dry_run:
            previewed = Previewed()
            with report.of(previewed):
                preview_all(
                    rows,
                    total,
                    service.client,
                    context_tags,
                    wanted,
                    previewed=previewed,
                    on_error=report.error,
                    on_film=report.film,
                )
            is_fine = not previewed.errors
        else:
            asked = Asked()
            with report.of(asked):
                ask_all(
                    rows,
                    total,
                    service.client,
                    context_tags,
                    wanted,
                    asked=asked,
                    waits=wait or service.is_own,
                    on_wait=service.on_wait,
                    on_error=report.error,
                    on_end=report.job,
                )
            is_fine = not asked.errors and not asked.failed
    if not is_fine:
        raise typer.Exit(1)


def _rows(
    slugs: list[str], from_file: Path | None, limit: int | None
) -> tuple[Iterator[FilmRow], int | None]:
    """The films, and how many there are; a pipe can be read only once, so its progress has no end to show."""
    if from_file is None:
        return (FilmRow(number, {"slug": slug}) for number, slug in enumerate(slugs, 1)), len(slugs)
    total = None if from_file.is_fifo() else count_films(from_file, limit)
    return read_films(from_file, limit), total


class _Report:
    """To people, what is wrong is told at once and the counts at the end; to programs, all at the end."""

    def __init__(self, *, is_file: bool, as_json: str | None) -> None:
        self._is_file = is_file
        self._as_json = as_json
        self._kept: dict[str, list[Any]] = {"errors": [], "jobs": [], "films": []}

    def error(self, error: RowError) -> None:
        if self._as_json:
            self._keep("errors", error)
        else:
            complain(f"line {error.line}: {error.error}" if self._is_file else error.error)

    def job(self, job: JobAnswer) -> None:
        if self._as_json:
            self._keep("jobs", job)
        elif job.error:
            complain(f"{job.slug}: {job.error.message}")

    def film(self, slug: str, context_tags: list[ContextTag]) -> None:
        if self._as_json:
            self._keep("films", {"slug": slug, "context_tags": context_tags})
        else:
            say(f"would ask for {slug} in {', '.join(context_tags)}")

    @contextmanager
    def of(self, counts: Asked | Previewed) -> Iterator[None]:
        """Print the counts at the end, also when that comes early."""
        try:
            yield
        except (KeyboardInterrupt, MovieMindError) as end:
            ended = "Interrupted" if isinstance(end, KeyboardInterrupt) else "Stopped"
            hint(f"{ended}. What was accepted is kept; ask again to go on.")
            self._print(counts)
            raise
        self._print(counts)

    def _keep(self, kind: str, one: Any) -> None:
        if len(self._kept[kind]) < KEPT:
            self._kept[kind].append(one)

    def _print(self, counts: Asked | Previewed) -> None:
        summary = asdict(counts)
        if self._as_json:
            print_json({"summary": summary, **self._kept}, self._as_json)
            return
        title = "What would be asked" if isinstance(counts, Previewed) else "Summary"
        facts(title, [(name.replace("_", " "), _known(count)) for name, count in summary.items()])


def _known(count: int | None) -> int | str:
    return "unknown" if count is None else count
