"""`moviemind lab`: measures what the service is compared to, on servers of its own. Found in a clone."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infrastructure.choices import LogFormat, LogLevel
from infrastructure.logs import configure_logs
from interfaces.cli.output import complain, hint, listing, say
from interfaces.cli.output import out as console

if TYPE_CHECKING:
    from benchmarks.locking.report import Cell, Report

ROOT = Path(__file__).parents[2]

app = typer.Typer(help="Measure what the service is compared to.", no_args_is_help=True)


@app.callback()
def lab() -> None:
    """Measure what the service is compared to, on servers of its own."""


Quick = Annotated[
    bool,
    typer.Option(
        "--quick", help="One round instead of three, shorter, and of fewer cells: at most three minutes."
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
    were chosen, go on as `lab persistence`. In full it takes long, and wants a quiet machine."""
    _prepare()
    from benchmarks.locking.faults import FAULTS
    from benchmarks.locking.main import measured
    from benchmarks.locking.strategy import STRATEGIES
    from benchmarks.locking.written import write

    report = measured(
        quick=quick,
        strategies=_chosen(strategy, tuple(STRATEGIES), "--strategy"),
        faults=_chosen(fault, tuple(FAULTS), "--fault"),
        progress=_tell,
    )
    _show(report)
    is_whole = not (strategy or fault)
    directory = _directory(out, is_full=is_whole and not quick)
    if directory is not None:
        write(report, directory)
    if is_whole:
        persistence(quick, out)


@app.command()
def persistence(quick: Quick = False, out: Out = None) -> None:
    """Let five queues meet disasters, and count what they lose without and with the event store. In full it
    takes long, and wants a quiet machine; only root can cut the power of a disk."""
    _prepare()
    from benchmarks.persistence import tables
    from benchmarks.persistence.main import measured, write

    report = measured(quick=quick, progress=hint)
    _list_facts(report.environment)
    console.print(tables.console(report))
    directory = _directory(out, is_full=not quick)
    if directory is not None:
        write(report, directory)


def _prepare() -> None:
    _find_benchmarks()
    configure_logs(LogLevel.ERROR, LogFormat.AUTO)


def _directory(out: Path | None, *, is_full: bool) -> Path | None:
    return ROOT / "docs" if out is None and is_full else out


def _find_benchmarks() -> None:
    """They lie beside the packages of a clone, and are installed nowhere."""
    if not (ROOT / "benchmarks" / "locking").is_dir():
        complain("The lab is not installed here: it is found in a clone of the repository, after make setup.")
        raise typer.Exit(1)
    sys.path.insert(0, str(ROOT))


def _chosen(named: list[str] | None, known: tuple[str, ...], option: str) -> list[str]:
    for name in named or ():
        if name not in known:
            raise typer.BadParameter(f"{name} is none of {', '.join(known)}", param_hint=option)
    return [name for name in known if not named or name in named]


def _tell(cell: "Cell", why_lost: Sequence[str]) -> None:
    reasons = f": {'; '.join(why_lost)}" if why_lost else ""
    hint(
        f"{cell.strategy}, {cell.fault}, {cell.films}: {cell.accepted_descriptions} accepted,"
        f" {cell.duplicates} too many, {cell.paid_calls} paid for, {cell.lost_jobs} lost{reasons}"
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
