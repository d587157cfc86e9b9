"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
