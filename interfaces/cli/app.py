"""The commands a person types, put together."""

import typer

from interfaces.cli import backups, corrections, jobs, keys, movies, processes, prompts, queue, schema
from interfaces.cli.demo import demo
from interfaces.cli.diff import diff
from interfaces.cli.doctor import doctor
from interfaces.cli.explain import explain
from interfaces.cli.generate import generate
from interfaces.cli.history import history
from interfaces.cli.spending import spending
from interfaces.cli.up import up

app = typer.Typer(
    name="moviemind",
    help="Film descriptions, written once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command()(up)
app.command()(processes.api)
app.command()(processes.worker)
app.command()(processes.projector)
app.add_typer(schema.app, name="schema")
app.command()(generate)
app.add_typer(movies.app, name="movies")
app.add_typer(jobs.app, name="jobs")
app.add_typer(queue.app, name="queue")
app.add_typer(keys.app, name="keys")
app.add_typer(prompts.app, name="prompts")
app.command()(history)
app.command()(diff)
app.command()(spending)
app.command()(corrections.edit)
app.command()(corrections.withdraw)
app.command()(corrections.promote)
app.command()(corrections.correct)
app.command()(explain)
app.command()(doctor)
app.command()(backups.backup)
app.command()(backups.restore)
app.command()(demo)
