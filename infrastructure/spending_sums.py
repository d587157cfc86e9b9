"""What the spending views have in common on every store: the sums, which both dialects spell the same.

One statement gives groups and total, so that they are of one moment.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from application.spending import MOST_FILMS, GroupBy, RefusedSearch, RefusedSum, Spending, Spent

_SUMMED = {
    "calls": "calls",
    "accepted_calls": "CASE WHEN is_accepted THEN calls ELSE 0 END",
    "refused_calls": "CASE WHEN is_accepted THEN 0 ELSE calls END",
    "tokens_in": "tokens_in",
    "tokens_out": "tokens_out",
    "cost_microusd": "cost_microusd",
    "refused_cost_microusd": "CASE WHEN is_accepted THEN 0 ELSE cost_microusd END",
    "unknown_cost_calls": "unknown_cost_calls",
}

SUMS = ", ".join(
    f"sum({summed}) AS {name}, sum(sum({summed})) OVER () AS total_{name}" for name, summed in _SUMMED.items()
)
"""To be selected beside `name`, that of the group."""


def order(group_by: GroupBy) -> str:
    return f"cost_microusd DESC, name LIMIT {MOST_FILMS}" if group_by is GroupBy.SLUG else "name"


def spending(rows: Sequence[Any]) -> Spending:
    """The answer that the rows of such a statement hold; no rows, and nothing was spent."""
    return Spending(
        total=_spent(rows[0], "total_") if rows else Spent(),
        groups={row["name"]: _spent(row) for row in rows},
    )


def _spent(row: Any, prefix: str = "") -> Spent:
    return Spent(**{name: int(row[prefix + name]) for name in _SUMMED})


REFUSED = "calls > 0 AND NOT is_accepted"
"""Attempts that were paid for and whose text was not accepted; as the indices of them spell it."""

_OF_REFUSED = ("calls", "tokens_in", "tokens_out", "cost_microusd", "unknown_cost_calls")

REFUSED_SUMS = ", ".join(
    ["count(*) AS attempts", *(f"coalesce(sum({name}), 0) AS {name}" for name in _OF_REFUSED)]
)


def wanted_refused(search: RefusedSearch) -> Mapping[str, Any]:
    return {"model =": search.model, "at >=": search.since}


def refused_sum(row: Any) -> RefusedSum:
    return RefusedSum(**{name: int(value) for name, value in dict(row).items()})
