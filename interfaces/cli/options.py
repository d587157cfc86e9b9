"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DataDir = Annotated[
    Path | None,
    typer.Option(help="Where the service keeps its files [MOVIEMIND_DATA_DIR].", show_default="var"),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
