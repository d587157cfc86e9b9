"""What is answered of paid calls, and of how much is done."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Self

from pydantic import BaseModel, Field

from application.spending import MOST_FILMS, GroupBy, Spending
from application.throughput import Span, Throughput


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


class CountsAnswer(BaseModel):
    """How often what was recorded."""

    jobs_requested: int
    attempts_started: int
    texts_accepted: int = Field(description="by writers; a person's edit is none of them")
    attempts_failed: int = Field(description="attempts that ended without a text; their jobs may go on")
    jobs_failed: int = Field(description="jobs that will not be tried again by themselves")
    results_refused: int = Field(description="texts that came too late")
    jobs_cancelled: int


class CountsOfSpanAnswer(CountsAnswer):
    """What was recorded within one minute, hour or day of UTC."""

    group: str = Field(
        description="a minute as YYYY-MM-DDTHH:MM, an hour as YYYY-MM-DDTHH, or a day as YYYY-MM-DD",
        examples=["2026-01-31T12:34"],
    )


class ThroughputAnswer(BaseModel):
    """What was recorded from one UTC day to another, both included."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")
    group_by: Span
    total: CountsAnswer
    groups: list[CountsOfSpanAnswer] = Field(
        description="only those in which something was recorded, in the order of time"
    )

    @classmethod
    def of(cls, groups: Mapping[str, Throughput], first: date, last: date, group_by: Span) -> Self:
        counts = {group: asdict(one) for group, one in groups.items()}
        return cls(
            **{"from": first, "to": last},
            group_by=group_by,
            total=CountsAnswer(
                **{name: sum(one[name] for one in counts.values()) for name in CountsAnswer.model_fields}
            ),
            groups=[CountsOfSpanAnswer(group=group, **one) for group, one in counts.items()],
        )
