"""`moviemind history SLUG`: how a film's texts came to be."""

from typing import Annotated

import typer

from application.movie_generations import utc_now
from domain import slugs
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir, Url
from interfaces.cli.output import timeline
from interfaces.cli.service import connected
from interfaces.http.schemas.movies import HistoryEntry

AsJson = Annotated[str | None, json_option(fields_of(HistoryEntry))]


def history(
    slug: Annotated[str, typer.Argument(help="The film, such as the-matrix-1999.")],
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Print everything that ever happened to a film, oldest first."""
    slugs.assess(slug, current_year=utc_now().year)  # what is no slug must not become part of a URL
    with connected(data_dir, url, works=False) as service:
        entries = list(service.client.history(slug))
    if as_json:
        print_json(entries, as_json)
    else:
        timeline(slug, entries)
