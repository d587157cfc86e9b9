"""How much of a listing a command prints."""

from collections.abc import Iterable
from itertools import islice
from typing import Annotated, TypeVar

import typer

from interfaces.cli.output import hint

T = TypeVar("T")

Everything = Annotated[bool, typer.Option("--all", help="All there are, whatever --limit says.")]


def taken(rows: Iterable[T], limit: int | None) -> list[T]:
    """The first of them; that there are more is said beside the answer."""
    if limit is None:
        return list(rows)
    found = list(islice(rows, limit + 1))
    if len(found) > limit:
        hint(f"there are more than {limit}; see them with a larger --limit")
    return found[:limit]
