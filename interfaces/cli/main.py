"""`moviemind`: the commands a person types. Exit codes: 0 fine, 1 the thing asked about is bad, 2 usage."""

import sys

import typer

from domain.errors import MovieMindError
from interfaces.cli.demo import demo
from interfaces.cli.generate import generate
from interfaces.cli.history import history
from interfaces.cli.output import complain
from interfaces.cli.up import up

app = typer.Typer(
    name="moviemind",
    help="Film descriptions, written once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for command in (up, generate, history, demo):
    app.command()(command)


def main() -> None:
    """The console script: known errors become a sentence, not a traceback."""
    try:
        app()
    except MovieMindError as error:
        complain(str(error))
        sys.exit(1)
