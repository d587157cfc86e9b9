"""`--json FIELD,…`: programs get the fields they name; alone it lists those there are."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer
from pydantic import BaseModel, TypeAdapter

from interfaces.cli.output import out

ALL = "all"

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)


def json_option(fields: Iterable[str]) -> Any:
    """The option of a command that answers with these fields."""
    known = list(fields)

    def check(given: str | None) -> str | None:
        if given is None or given == ALL:
            return given
        if not given:
            out.print_json(json.dumps(known))
            raise typer.Exit
        unknown = [name for name in given.split(",") if name not in known]
        if unknown:
            raise typer.BadParameter(
                f"there is no field {', '.join(unknown)}; there are {', '.join(known)}, or say {ALL}"
            )
        return given

    return typer.Option(
        "--json",
        metavar="FIELD,…",
        help=f"Print JSON with these fields, or '{ALL}'; alone, list the fields.",
        is_eager=True,
        callback=check,
    )


def fields_of(model: type[BaseModel]) -> list[str]:
    """As they are called in an answer."""
    return [field.alias or name for name, field in model.model_fields.items()]


def print_json(
    answer: BaseModel | dict[str, Any] | Sequence[BaseModel | dict[str, Any]], wanted: str
) -> None:
    """One answer or a list of them, with the wanted fields in the wanted order."""
    plain = _ANYTHING.dump_python(answer, mode="json", by_alias=True)
    shown = [_only(one, wanted) for one in plain] if isinstance(plain, list) else _only(plain, wanted)
    out.print_json(json.dumps(shown))


def with_bare_json(arguments: Sequence[str]) -> list[str]:
    """`--json` without a value as `--json=`: the parser knows no option whose value may be missing."""
    given = list(arguments)
    for place, argument in enumerate(given):
        if argument == "--":
            break
        following = given[place + 1] if place + 1 < len(given) else "-"
        if argument == "--json" and following.startswith("-"):
            given[place] = "--json="
    return given


def _only(answer: dict[str, Any], wanted: str) -> dict[str, Any]:
    return answer if wanted == ALL else {name: answer[name] for name in wanted.split(",")}
