"""The gate before a paid model as others see it: the dispatcher, requests, and people."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Self

from application.call_ledger import EVERYBODY, Account, LedgerFacts, scope_of
from application.call_limits import RATE_WINDOW, CallLimits
from application.circuit_breaker import BreakerState, CircuitBreaker
from application.errors import BudgetExceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How far the gate is open: for how many calls (None: any number), and for whose jobs it is not."""

    room: int | None = None
    shut_for: frozenset[str] = frozenset()

    @classmethod
    def of(cls, facts: LedgerFacts, limits: CallLimits, now: datetime) -> Self:
        return cls(room=limits.room(facts, now), shut_for=frozenset(limits.without_budget(facts, now.date())))


@dataclass(frozen=True, slots=True, kw_only=True)
class GateStatus:
    """The gate as people see it; `today` is the account of the installation."""

    state: BreakerState
    breaker: CircuitBreaker
    under_way: int
    last_minute: int
    today: Account
    limits: CallLimits
    is_spent: bool
    spent_requesters: frozenset[str]

    @classmethod
    def of(cls, facts: LedgerFacts, limits: CallLimits, now: datetime) -> Self:
        breaker = facts.breaker()
        return cls(
            state=breaker.state(now),
            breaker=breaker,
            under_way=facts.under_way(),
            last_minute=facts.admitted(since=now - RATE_WINDOW),
            today=facts.account(now.date(), EVERYBODY),
            limits=limits,
            is_spent=limits.is_spent(facts, now.date(), EVERYBODY),
            spent_requesters=frozenset(limits.without_budget(facts, now.date())),
        )

    @property
    def lets_through(self) -> bool:
        return self.state is BreakerState.CLOSED and not self.is_spent

    def why_shut(self) -> str | None:
        """Why no job is started, in a clause for people; None when some can be."""
        if self.state is BreakerState.OPEN and self.breaker.open_until is not None:
            until = f"{self.breaker.open_until:%H:%M:%S} UTC"
            return f"the provider of the model is left alone until {until}: {self.breaker.reason}"
        if self.state is BreakerState.HALF_OPEN:
            return "one job finds out whether the provider of the model answers again"
        if self.is_spent:
            return "the budget of the day is spent; it opens again at 00:00 UTC, or when it is raised"
        if self.limits.calls_per_minute is not None and self.last_minute >= self.limits.calls_per_minute:
            return "as many calls were made as a minute may have"
        return None


def check_budgets(facts: LedgerFacts, limits: CallLimits, requester: str, now: datetime) -> None:
    """Raises BudgetExceeded."""
    for scope, whose in ((EVERYBODY, "of the service"), (scope_of(requester), "of the requester")):
        if limits.is_spent(facts, now.date(), scope):
            tomorrow = datetime.combine(now.date() + timedelta(days=1), time.min, UTC)
            raise BudgetExceeded(whose, opens_at=tomorrow)
