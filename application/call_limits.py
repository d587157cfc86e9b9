"""How many paid calls there may be, and what they may cost: what is set, and what is left of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from application.call_ledger import EVERYBODY, LedgerFacts, PlannedCall, Reservation, scope_of
from application.circuit_breaker import BreakerState

RATE_WINDOW = timedelta(minutes=1)


class Refusal(StrEnum):
    """Why a call is not admitted now."""

    PROVIDER = "provider-fails"
    CALLS = "too-many-calls"
    RATE = "too-many-calls-a-minute"
    BUDGET = "budget-spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """None where there is no limit. Budgets are for a day (UTC), in micro-USD.

    `least_microusd` is what the cheapest call may cost: with less than that left, a budget is spent.
    """

    calls: int | None = None
    calls_per_minute: int | None = None
    budget_microusd: int | None = None
    budget_per_key_microusd: int | None = None
    least_microusd: int = 0

    def why_not(
        self, facts: LedgerFacts, call: PlannedCall, known: Reservation | None, now: datetime
    ) -> Refusal | None:
        """What stands in the way of a call; a `known` one has its permit already."""
        if _probes_left(facts, now) == 0:
            return Refusal.PROVIDER
        if known is None and self._permits_left(facts) == 0:
            return Refusal.CALLS
        if known is None and self._rate_left(facts, now) == 0:
            return Refusal.RATE
        more = (call.at_most_microusd or 0) - (known.at_most if known else 0)
        if any(self._exceeds(facts, now.date(), scope, more) for scope in call.scopes):
            return Refusal.BUDGET
        return None

    def room(self, facts: LedgerFacts, now: datetime) -> int | None:
        """How many calls could be admitted now; None for any number."""
        rooms = (
            _probes_left(facts, now),
            self._permits_left(facts),
            self._rate_left(facts, now),
            0 if self._exceeds(facts, now.date(), EVERYBODY, self.least_microusd) else None,
        )
        return min((room for room in rooms if room is not None), default=None)

    def is_spent(self, facts: LedgerFacts, day: date, scope: str) -> bool:
        """Whether nothing could be paid from a budget on this day even if no call under way cost anything."""
        budget = self._budget(scope)
        return budget is not None and facts.account(day, scope).spent + self.least_microusd > budget

    def without_budget(self, facts: LedgerFacts, day: date) -> Iterator[str]:
        """Requesters for whom no call can be admitted now."""
        if self.budget_per_key_microusd is None:
            return
        for scope, account in facts.accounts(day).items():
            if scope != EVERYBODY and account.committed + self.least_microusd > self.budget_per_key_microusd:
                yield scope.removeprefix(scope_of(""))

    def _permits_left(self, facts: LedgerFacts) -> int | None:
        return None if self.calls is None else max(0, self.calls - facts.under_way())

    def _rate_left(self, facts: LedgerFacts, now: datetime) -> int | None:
        if self.calls_per_minute is None:
            return None
        return max(0, self.calls_per_minute - facts.admitted(since=now - RATE_WINDOW))

    def _exceeds(self, facts: LedgerFacts, day: date, scope: str, more: int) -> bool:
        budget = self._budget(scope)
        return budget is not None and facts.account(day, scope).committed + more > budget

    def _budget(self, scope: str) -> int | None:
        return self.budget_microusd if scope == EVERYBODY else self.budget_per_key_microusd


def _probes_left(facts: LedgerFacts, now: datetime) -> int | None:
    """Half-open, the breaker lets a single call through."""
    breaker = facts.breaker()
    match breaker.state(now):
        case BreakerState.CLOSED:
            return None
        case BreakerState.OPEN:
            return 0
        case BreakerState.HALF_OPEN:
            return 1 - min(1, facts.under_way(since=breaker.open_until))
