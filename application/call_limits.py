"""How many paid calls there may be, and what they may cost: what is set, and what is left of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from application.call_ledger import EVERYBODY, Account, LedgerFacts, PlannedCall, Reservation, scope_of
from application.circuit_breaker import BreakerState

RATE_WINDOW = timedelta(minutes=1)


class Refusal(StrEnum):
    """Why a call is not admitted now."""

    PROVIDER = "provider-fails"
    CALLS = "too-many-calls"
    RATE = "too-many-calls-a-minute"
    BUDGET = "budget-spent"
    TOO_DEAR = "too-dear-for-the-budget"
    """Where another call, which is cheaper, may be paid for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """None where there is no limit. Budgets are for a day (UTC), in micro-USD.

    `least_microusd` is what the cheapest call may cost. With less than that left a budget is spent, and also
    with less than a call needed that was refused for it.
    """

    calls: int | None = None
    calls_per_minute: int | None = None
    budget_microusd: int | None = None
    budget_per_key_microusd: int | None = None
    least_microusd: int = 0

    def why_not(
        self, facts: LedgerFacts, call: PlannedCall, known: Reservation | None, now: datetime
    ) -> Refusal | None:
        """What stands in the way of a call; a `known` one has its permit already, and its money for a day."""
        if _probes_left(facts, now, known) == 0:
            return Refusal.PROVIDER
        if known is None and self._permits_left(facts) == 0:
            return Refusal.CALLS
        if known is None and self._rate_left(facts, now) == 0:
            return Refusal.RATE
        held = known.at_most if known and known.day == now.date() else 0
        if self.exceeded(facts, call, now.date(), call.at_most - held):
            return Refusal.BUDGET
        return None

    def exceeded(self, facts: LedgerFacts, call: PlannedCall, day: date, more: int) -> list[str]:
        """Scopes whose budget has not so much left."""
        return [
            scope
            for scope in call.scopes
            if (budget := self.budget(scope)) is not None
            and facts.account(day, scope).committed + more > budget
        ]

    def room(self, facts: LedgerFacts, now: datetime) -> int | None:
        """How many calls could be admitted now; None for any number."""
        rooms = (
            _probes_left(facts, now, None),
            self._permits_left(facts),
            self._rate_left(facts, now),
            0 if self._is_short(facts.account(now.date(), EVERYBODY), EVERYBODY) else None,
        )
        return min((room for room in rooms if room is not None), default=None)

    def is_spent(self, facts: LedgerFacts, day: date, scope: str) -> bool:
        """Whether nothing could be paid from a budget on this day even if no call under way cost anything."""
        account = facts.account(day, scope)
        return self._is_short(replace(account, reserved=0), scope)

    def without_budget(self, facts: LedgerFacts, day: date) -> Iterator[str]:
        """Requesters for whom no call can be admitted now."""
        for scope, account in facts.accounts(day).items():
            if scope != EVERYBODY and self._is_short(account, scope):
                yield scope.removeprefix(scope_of(""))

    def budget(self, scope: str) -> int | None:
        return self.budget_microusd if scope == EVERYBODY else self.budget_per_key_microusd

    def _permits_left(self, facts: LedgerFacts) -> int | None:
        return None if self.calls is None else max(0, self.calls - facts.under_way())

    def _rate_left(self, facts: LedgerFacts, now: datetime) -> int | None:
        if self.calls_per_minute is None:
            return None
        return max(0, self.calls_per_minute - facts.admitted(since=now - RATE_WINDOW))

    def _is_short(self, account: Account, scope: str) -> bool:
        """Whether an account has too little left for any call that we know of."""
        budget, needed = self.budget(scope), max(self.least_microusd, account.refused or 0)
        return budget is not None and account.committed + needed > budget


def _probes_left(facts: LedgerFacts, now: datetime, known: Reservation | None) -> int | None:
    """Half-open, the breaker lets a single call through, which may be the `known` one."""
    breaker = facts.breaker()
    match breaker.state(now):
        case BreakerState.CLOSED:
            return None
        case BreakerState.OPEN:
            return 0
        case BreakerState.HALF_OPEN:
            under_way = facts.under_way(since=breaker.open_until)
            is_among_them = known is not None and known.admitted_at >= (breaker.open_until or now)
            return max(0, 1 - under_way + is_among_them)
