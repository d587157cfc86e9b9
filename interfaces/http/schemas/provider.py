"""The gate before a paid model, as operators see it."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from application.circuit_breaker import BreakerState
from application.gate_status import GateStatus


class ProviderAnswer(BaseModel):
    """How the provider of the model is doing, and what is left of the limits. Money in micro-dollars."""

    breaker: BreakerState = Field(
        description="`closed`: it answers; `open`: it is left alone; `half-open`: one call finds out"
    )
    open_until: datetime | None
    reason: str | None = Field(description="what it answered when it was left alone")
    calls_under_way: int
    max_calls: int | None
    calls_last_minute: int
    max_calls_per_minute: int | None
    spent_today_microusd: int = Field(description="UTC; calls of unknown cost count as the worst")
    reserved_microusd: int = Field(description="what calls under way may cost at most")
    daily_budget_microusd: int | None
    daily_budget_per_key_microusd: int | None
    is_budget_spent: bool
    keys_without_budget: list[str] = Field(description="whose jobs wait until tomorrow")
    waits_for: str | None = Field(description="why no job is started now")

    @classmethod
    def of(cls, status: GateStatus) -> Self:
        limits, breaker = status.limits, status.breaker
        return cls(
            breaker=status.state,
            open_until=breaker.open_until,
            reason=breaker.reason or None,
            calls_under_way=status.under_way,
            max_calls=limits.calls,
            calls_last_minute=status.last_minute,
            max_calls_per_minute=limits.calls_per_minute,
            spent_today_microusd=status.today.spent,
            reserved_microusd=status.today.reserved,
            daily_budget_microusd=limits.budget_microusd,
            daily_budget_per_key_microusd=limits.budget_per_key_microusd,
            is_budget_spent=status.is_spent,
            keys_without_budget=sorted(status.spent_requesters),
            waits_for=status.why_shut(),
        )
