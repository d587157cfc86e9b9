"""Options that several commands share."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a day such as 2026-01-31") from None


DataDir = Annotated[
    Path | None,
    typer.Option(help="Where the service keeps its files [MOVIEMIND_DATA_DIR].", show_default="var"),
]
Url = Annotated[
    str | None,
    typer.Option(
        help="A running service to talk to, such as http://127.0.0.1:8000.", show_default="that of --data-dir"
    ),
]
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many at most.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept in the history.")]
Last = Annotated[
    date | None,
    typer.Option("--to", parser=_day, metavar="DAY", help="Last day, in UTC.", show_default="today"),
]


def first_day(usual: str) -> Any:
    """The option that goes with Last; `usual` is what it is when nobody says."""
    return typer.Option(
        "--from",
        parser=_day,
        metavar="DAY",
        help="First day, in UTC, such as 2026-01-31.",
        show_default=usual,
    )
