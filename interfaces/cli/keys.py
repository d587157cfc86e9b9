"""`moviemind keys`: who may call a service, and how far."""

from typing import Annotated

import typer

from application.api_keys import PREFIX, Scope
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import hint, listing, say
from interfaces.cli.service import connected
from interfaces.http.schemas.keys import KeyAnswer, NewKeyAnswer

app = typer.Typer(help="Who may call, and how far.", no_args_is_help=True)

HEADINGS = {
    "key_id": "key_id",
    "name": "name",
    "contact": "contact",
    "scope": "scope",
    "created_at": "created",
    "last_used_at": "last used",
    "revoked_at": "revoked",
}


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whom it is for.", show_default=False)],
    scope: Annotated[
        Scope, typer.Option(help="What it may do; admin holds generate, which holds read.")
    ] = Scope.READ,
    contact: Annotated[str | None, typer.Option(help="Where they can be reached.")] = None,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(NewKeyAnswer))] = None,
) -> None:
    """Make a key and print it, this once: only a hash of it is kept."""
    with connected(data_dir, url, works=False) as service:
        key = service.client.create_key(name, scope, contact)
    if as_json:
        print_json(key, as_json)
        return
    say(key.key)
    hint(f"for {key.name}, with the scope {key.scope}; it is not shown again")


@app.command("list")
def list_keys(
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(KeyAnswer))] = None,
) -> None:
    """All keys, the newest first, with those that were revoked."""
    with connected(data_dir, url, works=False) as service:
        keys = service.client.keys()
    if as_json:
        print_json(keys, as_json)
        return
    listing([*HEADINGS.values()], [_row(key) for key in keys])


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, or all of it.", show_default=False)],
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(KeyAnswer))] = None,
) -> None:
    """Let a key open nothing any more; running processes know within a second."""
    with connected(data_dir, url, works=False) as service:
        key = service.client.revoke_key(id_of(key_id))
    if as_json:
        print_json(key, as_json)
        return
    say(f"{key.key_id} ({key.name or 'whose owner was forgotten'}) opens nothing any more")


def id_of(key: str) -> str:
    """Of an id, or of a whole key, whose secret is told to nobody."""
    return "_".join(key.split("_")[:2]) if key.startswith(PREFIX) else key


def _row(key: KeyAnswer) -> list[object]:
    told = key.model_dump(mode="json")
    return [told[field] for field in HEADINGS]
