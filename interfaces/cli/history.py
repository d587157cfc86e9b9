"""`moviemind history SLUG`: how a film's texts came to be."""

import json
from typing import Annotated

import typer

from application.movie_generations import utc_now
from domain import slugs
from interfaces.cli.options import AsJson, DataDir
from interfaces.cli.output import out, timeline
from interfaces.cli.service import connected


def history(
    slug: Annotated[str, typer.Argument(help="The film, such as the-matrix-1999.")],
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Print everything that ever happened to a film, oldest first."""
    slugs.assess(slug, current_year=utc_now().year)  # what is no slug must not become part of a URL
    with connected(data_dir, works=False) as service:
        entries = list(service.client.history(slug))
    if as_json:
        out.print_json(json.dumps(entries))
    else:
        timeline(slug, entries)
