"""`moviemind audit log`: everything that happened to any film, in one order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import typer

from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.listings import Everything, taken
from interfaces.cli.moments import since_option
from interfaces.cli.options import DataDir, Limit, Url
from interfaces.cli.output import listing
from interfaces.cli.service import connected
from interfaces.http.schemas.movies import AuditEntry

COLUMNS = ("at", "slug", "version", "actor", "what happened")


def log(
    slug: Annotated[str | None, typer.Option(help="Only of this film.")] = None,
    actor: Annotated[
        str | None, typer.Option(help="Only what this key, worker or other actor did, by its id.")
    ] = None,
    event: Annotated[str | None, typer.Option(help="Only events such as DescriptionGenerated.")] = None,
    since: Annotated[datetime | None, since_option("Recorded")] = None,
    limit: Limit = 50,
    is_all: Everything = False,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(fields_of(AuditEntry))] = None,
) -> None:
    """Print what happened to all films, oldest first. What a key did last week: --actor KEY_ID --since 7d."""
    with connected(data_dir, url, works=False) as service:
        entries = service.client.audit(slug=slug, actor=actor, event=event, since=since)
        found = taken(entries, None if is_all else limit)
    if as_json:
        print_json(found, as_json)
    else:
        listing(COLUMNS, [_row(entry) for entry in found])


def _row(entry: AuditEntry) -> Sequence[object]:
    return f"{entry.at:%Y-%m-%dT%H:%M:%S}", entry.slug, entry.version, entry.actor, entry.line
