"""The commands a person types, put together."""

import typer

from interfaces.cli.demo import demo
from interfaces.cli.generate import generate
from interfaces.cli.history import history
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
