"""`moviemind audit refused`: what was paid for and not accepted."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated

import typer

from interfaces.cli.fields import json_option, print_json
from interfaces.cli.listings import Everything, taken
from interfaces.cli.moments import since_option
from interfaces.cli.options import DataDir, Limit, Url
from interfaces.cli.output import cost, listing, say
from interfaces.cli.service import connected
from interfaces.http.schemas.audit import RefusedEntry, RefusedTotal

COLUMNS = ("at", "reason", "slug", "job_id", "attempt", "model", "tokens in", "tokens out", "usd")


def refused(
    model: Annotated[str | None, typer.Option(help="Only what this model was paid for.")] = None,
    since: Annotated[datetime | None, since_option("Recorded")] = None,
    limit: Limit = 50,
    is_all: Everything = False,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: Annotated[str | None, json_option(("total", "items"))] = None,
) -> None:
    """List what was paid for and not accepted, in US dollars, the newest first: attempts that failed, and
    texts that came too late. The total is of all of them."""
    with connected(data_dir, url, works=False) as service:
        pages = service.client.refused(model=model, since=since)
        first = next(pages)
        entries = chain(first.items, (entry for page in pages for entry in page.items))
        found = taken(entries, None if is_all else limit)
    if as_json:
        print_json({"total": first.total, "items": found}, as_json)
    elif not found:
        say("Nothing was paid for and refused.")
    else:
        listing(COLUMNS, [*map(_row, found), _last(first.total)])


def _row(entry: RefusedEntry) -> Sequence[object]:
    return (
        f"{entry.at:%Y-%m-%dT%H:%M:%S}",
        entry.reason,
        entry.slug,
        entry.job_id,
        entry.attempt,
        entry.model,
        entry.tokens_in,
        entry.tokens_out,
        cost(entry),
    )


def _last(total: RefusedTotal) -> Sequence[object]:
    attempts = f"{total.attempts} attempts"
    return "total", None, None, None, attempts, None, total.tokens_in, total.tokens_out, cost(total)
