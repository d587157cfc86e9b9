"""`moviemind schema`: the tables of a store on PostgreSQL."""

from typing import Annotated

import typer

from infrastructure.postgres import schema
from infrastructure.settings import Settings, load_settings
from interfaces.cli.fields import json_option, print_json
from interfaces.cli.output import facts, say
from interfaces.shared import needs_postgres

app = typer.Typer(help="The tables of a store on PostgreSQL.", no_args_is_help=True)

AsJson = Annotated[
    str | None,
    json_option(
        ("store", "version", "needed_version", "epoch", "is_at_home", "head", "missing", "is_usable")
    ),
]


@app.command()
def create() -> None:
    """Make the tables that are missing. Can be run again at any time, also by several hosts at once."""
    settings = _settings("schema create")
    made = schema.create(settings.store_address)
    found = schema.status(settings.store_address)
    say(f"{found.store} has schema {found.version}: {'made now' if made else 'it was there already'}.")
    if made and found.head:
        say("The projector folds from the events what is missing in them.")


@app.command()
def status(as_json: AsJson = None) -> None:
    """Which tables there are, and whether servers can use them. Ends with 1 when they cannot."""
    found = schema.status(_settings("schema status").store_address)
    shown = {
        "store": found.store,
        "version": found.version,
        "needed_version": schema.VERSION,
        "epoch": found.epoch,
        "is_at_home": found.is_at_home,
        "head": found.head,
        "missing": list(found.missing),
        "is_usable": found.is_usable,
    }
    if as_json:
        print_json(shown, as_json)
    else:
        facts("Schema", list(shown.items()))
        say(_advice(found))
    if not found.is_usable:
        raise typer.Exit(1)


@app.command()
def promote() -> None:
    """Go on after the database was restored from a dump, or a standby promoted: the log gets a new epoch.

    Positions that clients hold are of the old one; they are told to start again.
    """
    settings = _settings("schema promote")
    epoch = schema.promote(settings.store_address)
    say(f"The log goes on in epoch {epoch}.")


def _settings(command: str) -> Settings:
    return needs_postgres(load_settings(), command)


def _advice(found: schema.SchemaStatus) -> str:
    if found.version is None:
        return "There are no tables yet; run: moviemind schema create"
    if found.version > schema.VERSION:
        return "They were made by a newer MovieMind; upgrade this one."
    if found.version < schema.VERSION:
        return "Its tables are those of an older version; run: moviemind schema create"
    if found.missing:
        return f"Tables are missing ({', '.join(found.missing)}); run: moviemind schema create"
    if not found.is_at_home:
        return "The database was restored or promoted; run: moviemind schema promote"
    return "Servers can use it."
