"""`moviemind audit forget`: what is known of a person beside the events, deleted."""

import sys
from typing import Annotated

import typer

from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.keys import id_of
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import hint, say
from interfaces.cli.service import connected
from interfaces.client import Operator
from interfaces.http.schemas.keys import ForgottenAnswer


def forget(
    actor: Annotated[str, typer.Argument(help="As events call them: the id of a key.", show_default=False)],
    revoke: Annotated[bool, typer.Option("--revoke", help="Let the key open nothing any more, too.")] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask first; without a terminal nobody is asked.")
    ] = False,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(ForgottenAnswer))] = None,
) -> None:
    """Delete the name and the contact of somebody, for ever. What they did stays, under their id alone."""
    key_id = id_of(actor)
    with connected(data_dir, url, works=False) as service:
        if not yes and sys.stdin.isatty():
            _ask(key_id, service.client)
        if revoke:
            service.client.revoke_key(key_id)
        forgotten = service.client.forget(key_id)
    if as_json:
        print_json(forgotten, as_json)
        return
    say(_told(forgotten))
    if forgotten.revoked_at is None:
        hint(f"the key still opens the service; to end that: moviemind keys revoke {key_id}")
    hint("texts, reasons, logs and backups may hold names as well: see docs/operations.md, Forget somebody")


def _ask(key_id: str, client: Operator) -> None:
    """Raises typer.Abort."""
    keys = client.keys()
    names = {key.key_id: key.name for key in keys}
    who = f"{key_id} ({names[key_id]})" if names.get(key_id) else key_id
    typer.confirm(f"Delete the name and the contact of {who}? It cannot be undone", abort=True, err=True)


def _told(forgotten: ForgottenAnswer) -> str:
    there = {"the name": forgotten.had_name, "the contact": forgotten.had_contact}
    deleted = [what for what, was_there in there.items() if was_there]
    if not deleted:
        return f"nothing was kept of {forgotten.actor} any more"
    return f"deleted of {forgotten.actor}: {' and '.join(deleted)}"
