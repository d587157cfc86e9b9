"""What people see: facts on standard output, everything else on standard error."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    out.print(escape(text))


def complain(text: str) -> None:
    err.print(f"[bold red]error:[/] {escape(text)}")


def hint(text: str) -> None:
    """Something to know while waiting; not part of what was asked for."""
    err.print(f"[dim]{escape(text)}[/]")


def progress() -> Progress:
    """A progress bar on standard error; nothing is drawn when that is no terminal."""
    return Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )


def facts(title: str, rows: Iterable[tuple[str, object]]) -> None:
    """A small table of names and values."""
    table = Table(title=title, show_header=False, title_justify="left")
    for name, value in rows:
        table.add_row(name, escape(str(value)))
    out.print(table)


def timeline(slug: str, entries: Iterable[dict[str, Any]]) -> None:
    """A film's history, an event a line, with the accepted texts below their events."""
    say(f"History of {slug}")
    for entry in entries:
        at = datetime.fromisoformat(entry["at"]).strftime("%Y-%m-%d %H:%M:%S")
        version, line, actor = entry["version"], escape(entry["line"]), escape(entry["actor"])
        out.print(f"[dim]{at}[/] [bold]v{version:<3}[/] {line} [dim]{actor}[/]")
        if entry["data"].get("text"):
            say(f"{'':25}“{entry['data']['text']}”")
