"""`moviemind audit`: what is kept of the past, and of those who made it."""

import typer

from interfaces.cli.forgetting import forget

app = typer.Typer(help="What is kept of the past, and of those who made it.", no_args_is_help=True)

app.command()(forget)
