"""What is answered of paid calls."""

from dataclasses import asdict
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from application.spending import MOST_FILMS, GroupBy, Spending


class SpentAnswer(BaseModel):
    """Sums over calls of a paid model. Tokens and costs are the sums of those that are known."""

    calls: int
    accepted_calls: int = Field(description="calls whose text was accepted")
    refused_calls: int = Field(description="all others: failed, of a flawed text, or too late")
    tokens_in: int
    tokens_out: int
    cost_microusd: int = Field(description="millionths of a US dollar", examples=[210])
    refused_cost_microusd: int = Field(description="of the refused calls")
    unknown_cost_calls: int = Field(description="calls whose cost is not known, and in no sum")


class GroupAnswer(BaseModel):
    """What sums are of."""

    group: str = Field(description="a day as YYYY-MM-DD, a model, a language …", examples=["2026-01-31"])


class SpentByGroupAnswer(SpentAnswer, GroupAnswer):
    """What one group came to."""


class SpendingAnswer(BaseModel):
    """What was spent from one UTC day to another, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    group_by: GroupBy
    total: SpentAnswer = Field(description="of all groups, also of those that are not listed")
    groups: list[SpentByGroupAnswer] = Field(
        description="only those with calls, in the order of their names; of films the"
        f" {MOST_FILMS} that cost most, the dearest first"
    )
    duplicates_prevented: int = Field(
        description="texts that were asked for and there or being written already; approximate"
    )

    @classmethod
    def of(
        cls, spending: Spending, first: date, last: date, group_by: GroupBy, *, duplicates_prevented: int
    ) -> Self:
        return cls(
            **{"from": first, "to": last},
            group_by=group_by,
            total=SpentAnswer(**asdict(spending.total)),
            groups=[
                SpentByGroupAnswer(group=group, **asdict(spent)) for group, spent in spending.groups.items()
            ],
            duplicates_prevented=duplicates_prevented,
        )
