"""/v1/stats: sums over what happened."""

import re
from datetime import UTC, date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BeforeValidator

from application.api_keys import Scope
from application.reading import catch_up
from application.spending import GroupBy
from application.tallies import Tally
from interfaces.http import problems
from interfaces.http.answers import json_answer
from interfaces.http.dependencies import Service, refused
from interfaces.http.schemas.stats import SpendingAnswer
from interfaces.http.scopes import needs

router = APIRouter(prefix="/v1/stats", tags=["stats"], dependencies=needs(Scope.READ))

USUAL_DAYS = 30
MOST_DAYS = 3_660


def _written_out(day: Any) -> Any:
    """Pydantic would take more, such as seconds since 1970."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        raise ValueError("write a day such as 2026-01-31")
    return day


Day = Annotated[date, BeforeValidator(_written_out)]


class Days(NamedTuple):
    """From one UTC day to another, both included."""

    first: date
    last: date


async def _days(
    service: Service,
    first: Annotated[
        Day | None,
        Query(alias="from", description=f"a UTC day; by default {USUAL_DAYS - 1} days before `to`"),
    ] = None,
    last: Annotated[
        Day | None, Query(alias="to", description="a UTC day, which is included; by default today")
    ] = None,
) -> Days:
    last = last or service.generations.clock().astimezone(UTC).date()
    first = first or date.fromordinal(max(last.toordinal() - USUAL_DAYS + 1, 1))
    if first > last:
        raise refused("from", f"{first} is behind the last day, {last}")
    if (last - first).days >= MOST_DAYS:
        raise refused("to", f"ask for {MOST_DAYS:,} days at most")
    return Days(first, last)


@router.get("/spending", response_model=SpendingAnswer, responses=problems.declared(422))
def show_spending(
    service: Service,
    days: Annotated[Days, Depends(_days)],
    group_by: Annotated[GroupBy, Query(description="what there is a sum of each of")] = GroupBy.DAY,
) -> Response:
    """What the calls of a paid model took, by UTC days; complete as of when it was asked.

    A call counts on the day on which it was recorded what became of it.
    """
    catch_up(service.spending, service.log)
    spending = service.spending.between(*days, group_by)
    prevented = service.tallies.totals(first=days.first, last=days.last)[Tally.DUPLICATES_PREVENTED]
    return json_answer(SpendingAnswer.of(spending, *days, group_by, duplicates_prevented=prevented))
