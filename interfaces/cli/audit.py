"""`moviemind audit`: how each text came to be, and the proof that nobody has changed that."""

import typer

from interfaces.cli import proofs
from interfaces.cli.forgetting import forget

app = typer.Typer(
    help="How each text came to be, and proof that nobody has changed that.", no_args_is_help=True
)
app.command()(proofs.new_key)
app.command()(proofs.checkpoint)
app.command()(proofs.verify)
app.command()(proofs.export)
app.command()(forget)
