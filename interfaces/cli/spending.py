"""`moviemind spending`: what the calls of a paid model took."""

from datetime import date
from typing import Annotated

import typer

from application.spending import GroupBy
from interfaces.cli.fields import fields_of, json_option, print_json
from interfaces.cli.options import DataDir, Last, Url, first_day
from interfaces.cli.output import dollars, listing, say
from interfaces.cli.service import connected
from interfaces.http.schemas.stats import SpendingAnswer, SpentAnswer

AsJson = Annotated[str | None, json_option(fields_of(SpendingAnswer))]
COLUMNS = ("calls", "accepted", "refused", "tokens in", "tokens out", "usd", "usd refused", "cost unknown")


def spending(
    first: Annotated[date | None, first_day("29 days before the last")] = None,
    last: Last = None,
    group_by: Annotated[
        GroupBy, typer.Option("--by", help="A line for each; of films for the 100 that cost most.")
    ] = GroupBy.DAY,
    data_dir: DataDir = None,
    url: Url = None,
    as_json: AsJson = None,
) -> None:
    """Print what the calls of a paid model took, in US dollars.

    Refused are those whose text was not accepted.
    """
    with connected(data_dir, url, works=False) as service:
        answer = service.client.spending(first=first, last=last, group_by=group_by)
    if as_json:
        print_json(answer, as_json)
    elif not answer.total.calls:
        say(
            f"Nothing was spent from {answer.first} to {answer.last}: no paid model was called."
            " The template writer costs nothing."
        )
    else:
        groups = [_line(group.group, group) for group in answer.groups]
        listing((group_by, *COLUMNS), [*groups, _line("total", answer.total)])


def _line(name: str, spent: SpentAnswer) -> tuple[object, ...]:
    return (
        name,
        spent.calls,
        spent.accepted_calls,
        spent.refused_calls,
        spent.tokens_in,
        spent.tokens_out,
        dollars(spent.cost_microusd),
        dollars(spent.refused_cost_microusd),
        spent.unknown_cost_calls,
    )
