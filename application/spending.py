"""What was spent on paid calls: the rows of the spending view, and what it is asked.

A row knows by whom, in which language and in which style its job was asked for. The jobs view knows that
too, but each view stands at a position of its own, and one that is made anew is empty for a while: sums
must not depend on another's.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from application.view import Place, View

REQUEST = 0
"""What stands in the place of an attempt in the row of a request; attempts are numbered from 1."""

MOST_FILMS = 100


class SpendingRow(NamedTuple):
    """What an attempt spent, as it was told last: tokens in and out, cost in micro-USD, milliseconds.

    Tokens and cost are the sums of what is known; `unknown_cost_calls` counts the calls whose cost is not.
    A request has a row without calls, from which those of its attempts are made.
    """

    job_id: UUID
    attempt: int
    slug: str
    locale: str
    context_tag: str
    requested_by: str
    at: datetime
    position: int
    model: str | None = None
    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_microusd: int = 0
    unknown_cost_calls: int = 0
    latency_ms: int = 0
    outcome: str | None = None
    is_accepted: bool = False


class GroupBy(StrEnum):
    DAY = "day"
    MODEL = "model"
    LOCALE = "locale"
    CONTEXT_TAG = "context_tag"
    REQUESTER = "requester"
    OUTCOME = "outcome"
    SLUG = "slug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Calls whose text was not accepted are refused ones, whatever the reason."""

    calls: int = 0
    accepted_calls: int = 0
    refused_calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost_microusd: int = 0
    refused_cost_microusd: int = 0
    unknown_cost_calls: int = 0


@dataclass(frozen=True, slots=True)
class Spending:
    """`total` is that of all groups, also of those that are not listed."""

    total: Spent
    groups: Mapping[str, Spent]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSearch:
    """What attempts are looked for that were paid for and not accepted; everything given must hold. `since`
    is when it was recorded what became of them."""

    model: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSum:
    """What such attempts took; tokens and cost as far as they are known."""

    attempts: int
    calls: int
    tokens_in: int
    tokens_out: int
    cost_microusd: int
    unknown_cost_calls: int


SpendingKey = tuple[UUID, int]
"""A job, and an attempt or REQUEST."""


class SpendingView(View[SpendingKey, SpendingRow]):
    name = "spending"
    version = 2

    @abstractmethod
    def between(self, first: date, last: date, group_by: GroupBy) -> Spending:
        """What was spent from one UTC day to another, both included.

        In the order of the groups; films in the order of their cost, the dearest first, MOST_FILMS of them.
        """

    @abstractmethod
    def refused(self, search: RefusedSearch, *, before: Place | None, limit: int) -> Sequence[SpendingRow]:
        """Attempts that were paid for and not accepted, the newest first, behind a place if one is named."""

    @abstractmethod
    def refused_sum(self, search: RefusedSearch) -> RefusedSum:
        """Of all of them."""
