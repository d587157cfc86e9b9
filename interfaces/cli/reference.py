"""Writes docs/cli.md, docs/problems.md and docs/openapi.json from what commands, errors and routes say.

`make docs` runs it; a test fails while a committed page differs from what it would write.
"""

import io
import json
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

from typer import FileBinaryWrite
from typer.main import get_command

from domain.errors import MovieMindError
from interfaces.cli.app import COMMANDS, app_of
from interfaces.cli.main import INTERRUPTED
from interfaces.explanations import EXPLANATIONS
from interfaces.http import problems
from interfaces.http.app import without_a_service

DOCS = Path(__file__).parents[2] / "docs"

_GENERATED = "<!-- Written by `make docs` from interfaces/{source}; a change here would be lost. -->"

_CLI = """
# Command line

Every command with its arguments, options, defaults and JSON fields. `moviemind COMMAND --help` says the same.

Beside a running `moviemind up` on the same data directory a command talks to it; otherwise it starts a
service for as long as it needs one. Facts go to standard output, everything else to standard error. A default
in brackets is what takes the place of an option that is not given.

`--json FIELD,…` prints JSON with the fields named, in that order; `--json all` prints all of them; `--json`
alone lists those there are.

| exit code | when |
|---|---|
| 0 | all went well |
| 1 | something asked for is bad, or failed |
| 2 | wrong usage: a command, option or value that does not exist |
| {interrupted} | interrupted by Ctrl-C |
"""

_PROBLEMS = """
# Problems and failures

What each means and what to do. `moviemind explain CODE` says the same without this page.
"""

_MET = {
    "api": (
        "Problems of the API",
        "The `type` of a problem document, with the status it comes with. The command line prints the "
        "`detail` of those it meets.",
    ),
    "job": ("Failures of jobs", "The `type` in a job's `error`, and the `failure_type` of its events."),
    "command line": ("On the command line", "What ends a command with exit code 1 before or beside the API."),
}

_KINDS: dict[Any, str] = {
    str: "text",
    int: "number",
    Path: "path",
    FileBinaryWrite: "path",
    UUID: "id",
    datetime: "moment",
}


def pages() -> dict[str, str]:
    """The pages by file name, as they should stand in docs/."""
    return {"cli.md": cli_page(), "problems.md": problems_page(), "openapi.json": openapi_page()}


def cli_page() -> str:
    lines = [_GENERATED.format(source="cli"), _CLI.format(interrupted=INTERRUPTED)]
    for name, command in commands():
        lines += [f"## {name}\n", *_described(name, command)]
    return "\n".join(lines)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by the words one types."""
    return _within(get_command(app_of(COMMANDS)), "moviemind")


def openapi_page() -> str:
    """What /openapi.json answers, so that a change of the API is seen where it is reviewed."""
    return json.dumps(without_a_service().openapi(), indent=2, ensure_ascii=False) + "\n"


def problems_page() -> str:
    lines = [_GENERATED.format(source="explanations.py"), _PROBLEMS]
    statuses = problem_statuses()
    for met, (title, intro) in _MET.items():
        has_status = met == "api"
        rows = [
            [f"`{code}`", *([str(statuses[code].value)] if has_status else []), known.meaning, known.fix]
            for code, known in EXPLANATIONS.items()
            if known.met == met
        ]
        columns = ["type" if met != "command line" else "code", *(["status"] if has_status else [])]
        lines += [f"## {title}\n", intro + "\n", *_table([*columns, "meaning", "what to do"], rows), ""]
    return "\n".join(lines)


def problem_statuses() -> dict[str, HTTPStatus]:
    """The status of every problem type of the API."""
    return {code_of(kind): status for kind, status in problems.STATUS.items()} | WITHOUT_AN_ERROR


WITHOUT_AN_ERROR = {
    "bad-request": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "origin-not-allowed": HTTPStatus.FORBIDDEN,
    "not-found": HTTPStatus.NOT_FOUND,
    "method-not-allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "content-too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "validation-error": HTTPStatus.UNPROCESSABLE_ENTITY,
    "headers-too-large": HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    "internal-error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""Problems that are no MovieMindError: what is refused before a route has a say, and what nobody caught."""


def code_of(kind: type[MovieMindError]) -> str:
    """The code of all errors of a class; ServiceRefused has none of its own."""
    return kind.__new__(kind).code


def _within(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, inner in command.commands.items():
        yield from _within(inner, f"{name} {word}")


def _described(name: str, command: Any) -> Iterator[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option"]
    yield f"    {' '.join([name, *map(_usage, arguments), '[OPTIONS]'])}\n"
    yield " ".join(cleandoc(command.help).split("\n")).replace("  ", "\n\n") + "\n"
    rows = [[_usage(one), _values(one), "", one.help] for one in arguments]
    rows += [[f"`{' '.join(one.opts)}`", _values(one), _default(one), one.help] for one in options]
    yield from _table(["", "value", "default", "meaning"], [[_cell(cell) for cell in row] for row in rows])
    yield ""
    if fields := _json_fields(name, options):
        yield f"JSON fields: {', '.join(f'`{field}`' for field in fields)}.\n"


def _usage(argument: Any) -> str:
    shown: str = argument.metavar or argument.name.upper()
    several = "…" if argument.nargs == -1 else ""
    return f"{shown}{several}" if argument.required else f"[{shown}{several}]"


def _values(one: Any) -> str:
    """What may be given: the choices, a kind with its bounds, or nothing for a switch."""
    if one.metavar and one.param_type_name == "option":
        return str(one.metavar)
    annotation = one.type_descriptor.annotation
    kind = next(iter(get_args(annotation)), annotation)
    if isinstance(kind, type) and issubclass(kind, Enum):
        shown = ", ".join(f"`{choice.value}`" for choice in kind)
    elif kind is bool:
        return "(switch)"
    else:
        shown = _KINDS[kind] + _bounds(one)
    return f"{shown}; repeatable" if getattr(one, "multiple", False) else shown


def _bounds(one: Any) -> str:
    low, high = one.min, one.max
    if low is None and high is None:
        return ""
    return f" from {low:,}" + (f" to {high:,}" if high is not None else "")


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return f"({option.show_default})"
    value = option.default.value if isinstance(option.default, Enum) else option.default
    return "" if value in (None, False) else f"`{value}`"


def _json_fields(name: str, options: Iterable[Any]) -> list[str]:
    """As `--json` alone lists them."""
    if not any("--json" in option.opts for option in options):
        return []
    with redirect_stdout(io.StringIO()) as printed:
        get_command(app_of(COMMANDS))([*name.split()[1:], "--json="], standalone_mode=False)
    fields: list[str] = json.loads(printed.getvalue())
    return fields


def _table(columns: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main() -> None:
    for name, page in pages().items():
        (DOCS / name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
