"""`moviemind throughput`: how much was asked for, tried and written."""

from datetime import date
from typing import Annotated

import typer

from application.throughput import Span
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir, Last, Url, first_day
from interfaces.cli.output import listing, say
from interfaces.cli.service import connected
from interfaces.http.schemas.stats import CountsAnswer, ThroughputAnswer

AsJson = Annotated[str | None, json_option(fields_of(ThroughputAnswer))]
COUNTS = fields_of(CountsAnswer)


def throughput(
    first: Annotated[
        date | None, first_day("by minute the last, by hour 6 days before it, by day 29")
    ] = None,
    last: Last = None,
    group_by: Annotated[
        Span, typer.Option("--by", help="A line for each; of at most 2 days by minute, 100 by hour.")
    ] = Span.DAY,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Print how many jobs, attempts and texts there were, by minute, hour or day.

    Times are UTC. Refused are texts that came too late.
    """
    with connected(data_dir, url, works=False) as service:
        answer = service.client.throughput(first=first, last=last, group_by=group_by)
    if as_json:
        print_json(answer, as_json)
    elif not answer.groups:
        say(f"Nothing was asked for or written from {answer.first} to {answer.last}.")
    else:
        groups = [_line(group.group, group) for group in answer.groups]
        columns = [name.replace("_", " ") for name in COUNTS]
        listing((group_by, *columns), [*groups, _line("total", answer.total)])


def _line(name: str, counts: CountsAnswer) -> tuple[object, ...]:
    return (name, *(getattr(counts, count) for count in COUNTS))
