"""`moviemind audit`: what happened, where texts come from, and what was paid in vain."""

import typer

from interfaces.cli.audit_log import log
from interfaces.cli.audit_refused import refused
from interfaces.cli.audit_texts import text, texts

app = typer.Typer(
    help="What happened, where texts come from, and what was paid in vain.", no_args_is_help=True
)

for command in (log, text, texts, refused):
    app.command()(command)
