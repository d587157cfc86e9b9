"""`moviemind audit`: how each text came to be, and proof that nobody has changed that."""

import typer

from interfaces.cli.audit_log import log
from interfaces.cli.audit_refused import refused
from interfaces.cli.audit_texts import text, texts
from interfaces.cli.forgetting import forget
from interfaces.cli.proofs import checkpoint, export, new_key, prove, verify

app = typer.Typer(
    help="How each text came to be, and proof that nobody has changed that.", no_args_is_help=True
)

for command in (log, text, texts, refused, new_key, checkpoint, verify, prove, export, forget):
    app.command()(command)
