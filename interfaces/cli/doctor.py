"""`moviemind doctor`: what is there, what is not, and what to do about it."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from infrastructure.choices import LogLevel
from infrastructure.logs import configure_logs
from infrastructure.settings import load_settings
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.options import DataDir
from interfaces.cli.output import out
from interfaces.doctor import examine
from interfaces.findings import Finding, Verdict

AsJson = Annotated[str | None, json_option(("check", "verdict", "found", "advice"))]

_COLOURS = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.BAD: "red"}


def doctor(data_dir: DataDir = None, as_json: AsJson = None) -> None:
    """Look at the store, the queue and Redis as they are now. Ends with 1 when something is bad."""
    settings = load_settings(data_dir=data_dir)
    configure_logs(LogLevel.ERROR, settings.log_format)
    findings = list(examine(settings))
    if as_json:
        print_json([_shown(finding) for finding in findings], as_json)
    else:
        out.print(_table(findings))
    if any(finding.verdict is Verdict.BAD for finding in findings):
        raise typer.Exit(1)


def _shown(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "verdict": finding.verdict,
        "found": finding.found,
        "advice": finding.advice,
    }


def _table(findings: list[Finding]) -> Table:
    table = Table("check", "verdict", box=None, pad_edge=False)
    for column in ("found", "what to do"):
        table.add_column(column, overflow="fold")
    for finding in findings:
        colour = _COLOURS[finding.verdict]
        verdict = f"[{colour}]{finding.verdict}[/{colour}]"
        table.add_row(finding.check, verdict, escape(finding.found), escape(finding.advice))
    return table
