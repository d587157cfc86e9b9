"""What people see: facts on standard output, everything else on standard error."""

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from domain.errors import MovieMindError
from interfaces.http.schemas.audit import PaidAnswer
from interfaces.http.schemas.movies import ChangedWords, DescriptionAnswer, HistoryEntry, MovieAnswer

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    out.print(escape(text))


def complain(text: str) -> None:
    err.print(f"[bold red]error:[/] {escape(text)}")


def complain_of(error: MovieMindError) -> None:
    """Say what is wrong, and to somebody at a terminal, how to learn more."""
    complain(str(error))
    if err.is_terminal:
        hint(f"more: moviemind explain {error.code}")


def hint(text: str) -> None:
    """Something to know while waiting; not part of what was asked for."""
    err.print(f"[dim]{escape(text)}[/]")


class WaitingHint:
    """Says why a command waits, once: whoever reads it knows what to mend, and a thousand requests wait for
    the same thing."""

    def __init__(self) -> None:
        self._has_told = False

    def __call__(self, why: object) -> None:
        if not self._has_told:
            self._has_told = True
            hint(f"waiting: {why}")


def progress() -> Progress:
    """A progress bar on standard error; nothing is drawn when that is no terminal."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )


class _Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.0f}/s")


def facts(title: str, rows: Iterable[tuple[str, object]]) -> None:
    """A small table of names and values."""
    table = Table("", Column(overflow="fold"), title=title, show_header=False, title_justify="left")
    for name, value in rows:
        table.add_row(name, escape(str(value)))
    out.print(table)


def dollars(microusd: int) -> str:
    return f"{Decimal(microusd).scaleb(-6):f}"


def cost(paid: PaidAnswer) -> str:
    """In US dollars; what nobody knows is said to be unknown, never nothing."""
    if paid.cost_microusd is None:
        return "unknown"
    unknown = f" + {paid.unknown_cost_calls} unknown" if paid.unknown_cost_calls else ""
    return dollars(paid.cost_microusd) + unknown


def listing(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under headings; to a program, a line each, its cells between tabs and without headings."""
    if not out.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join("" if cell is None else str(cell) for cell in row) + "\n")
        return
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    out.print(table)


def film(movie: MovieAnswer) -> None:
    """A film and its descriptions."""
    say(f"{movie.title} ({movie.release_year or 'year unknown'})  {movie.slug}  v{movie.version}")
    say(f"by {movie.director or 'an unknown director'}; {', '.join(movie.genres) or 'no genres'}")
    for text in movie.descriptions:
        marks = [name for name, holds in _marks(movie, text) if holds]
        variant = f"{text.locale} {text.context_tag} revision {text.revision}"
        by = text.ai_model or "a person"
        out.print(
            f"\n[bold]{escape(variant)}[/] by {escape(by)} [dim]{escape(' '.join([str(text.id), *marks]))}[/]"
        )
        say(text.text)


def _marks(movie: MovieAnswer, text: DescriptionAnswer) -> list[tuple[str, bool]]:
    return [("current", text.is_current), ("default", text.id == movie.default_description_id)]


def changed_words(runs: Iterable[ChangedWords]) -> None:
    """Removed words between [- and -], added ones between {+ and +}, on a terminal in colour too."""
    shown = {"same": "{}", "removed": "[red]\\[-{}-][/]", "added": "[green]{{+{}+}}[/]"}
    out.print(" ".join(shown[run.change].format(escape(run.text)) for run in runs))


def timeline(slug: str, entries: Iterable[HistoryEntry]) -> None:
    """A film's history, an event a line, with the accepted texts below their events."""
    say(f"History of {slug}")
    events(entries)


def events(entries: Iterable[HistoryEntry]) -> None:
    for entry in entries:
        at, line, actor = f"{entry.at:%Y-%m-%d %H:%M:%S}", escape(entry.line), escape(entry.actor)
        out.print(f"[dim]{at}[/] [bold]v{entry.version:<3}[/] {line} [dim]{actor}[/]")
        if entry.data.get("text"):
            say(f"{'':25}{entry.data['text']}")
