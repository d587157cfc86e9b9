"""/v1/stats: sums over what happened."""

import re
from datetime import UTC, date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query, Response
from pydantic import BeforeValidator

from application.api_keys import Scope
from application.reading import catch_up
from application.spending import GroupBy
from application.tallies import Tally
from application.throughput import Span
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service, refused
from interfaces.http.schemas.stats import SpendingAnswer, ThroughputAnswer
from interfaces.http.scopes import needs
from interfaces.service import MovieMind

router = APIRouter(prefix="/v1/stats", tags=["stats"], dependencies=needs(Scope.READ))

USUAL_DAYS = {Span.MINUTE: 1, Span.HOUR: 7, Span.DAY: 30}
MOST_DAYS = {Span.MINUTE: 2, Span.HOUR: 100, Span.DAY: 3_660}
"""By what one asks for a sum of each of, so that an answer holds some thousands of them at most."""


def _written_out(day: Any) -> Any:
    """Pydantic would take more, such as seconds since 1970."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise ValueError("write a day such as 2026-01-31")
    return day


Day = Annotated[date, BeforeValidator(_written_out)]
Last = Annotated[Day | None, Query(alias="to", description="a UTC day, which is included; by default today")]


class Days(NamedTuple):
    """From one UTC day to another, both included."""

    first: date
    last: date


def _days(service: MovieMind, first: date | None, last: date | None, span: Span) -> Days:
    last = last or service.generations.clock().astimezone(UTC).date()
    first = first or date.fromordinal(max(last.toordinal() - USUAL_DAYS[span] + 1, 1))
    if first > last:
        raise refused("from", f"{first} is behind the last day, {last}")
    if (last - first).days >= MOST_DAYS[span]:
        raise refused("to", f"ask for {MOST_DAYS[span]:,} days at most")
    return Days(first, last)


@router.get("/spending", response_model=SpendingAnswer, responses=problems.declared(422))
def show_spending(
    service: Service,
    first: Annotated[
        Day | None, Query(alias="from", description="a UTC day; by default 29 days before `to`")
    ] = None,
    last: Last = None,
    group_by: Annotated[GroupBy, Query(description="what there is a sum of each of")] = GroupBy.DAY,
) -> Response:
    """What the calls of a paid model took, by UTC days; complete as of when it was asked.

    A call counts on the day on which it was recorded what became of it.
    """
    days = _days(service, first, last, Span.DAY)
    catch_up(service.spending, service.log)
    spending = service.spending.between(*days, group_by)
    prevented = service.tallies.totals(first=days.first, last=days.last)[Tally.DUPLICATES_PREVENTED]
    return json_answer(SpendingAnswer.of(spending, *days, group_by, duplicates_prevented=prevented))


@router.get("/throughput", response_model=ThroughputAnswer, responses=problems.declared(422))
def show_throughput(
    service: Service,
    first: Annotated[
        Day | None,
        Query(alias="from", description="a UTC day; by default `to`, by hour 6 days before it, by day 29"),
    ] = None,
    last: Last = None,
    group_by: Annotated[
        Span, Query(description="what there is a sum of each of, of at most 2 days by minute, 100 by hour")
    ] = Span.DAY,
) -> Response:
    """How much was asked for, tried and written, by UTC minutes, hours or days; complete as of when it was
    asked."""
    days = _days(service, first, last, group_by)
    catch_up(service.throughput, service.log)
    return json_answer(ThroughputAnswer.of(service.throughput.between(*days, group_by), *days, group_by))
