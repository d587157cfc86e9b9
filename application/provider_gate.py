"""The gate before the provider of a paid model: asked before a job is claimed, told what became of the call.

Whoever is turned away has spent nothing, no money and no try. A call that is admitted has its permit, and
the worst it may cost, reserved in the store, so that no limit is passed however many processes ask at once.
It keeps both until it is settled: by its worker, or where that died by `settle_calls`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

import structlog

from application.call_ledger import (
    EVERYBODY,
    Account,
    CallLedger,
    LedgerRows,
    PlannedCall,
    Reservation,
    scope_of,
)
from application.call_limits import RATE_WINDOW, CallLimits, Refusal
from application.circuit_breaker import BreakerState, CircuitBreaker, is_of_the_provider
from application.errors import BudgetExceeded
from application.movie_generations import Clock
from domain.values import Failure, PaidCall

log = structlog.get_logger()

PERMIT_SECONDS = 10.0
"""Within which an admitted call is claimed in its film's stream. One that was not may be released after
twice that, so who comes later asks whether it still `holds`."""

REMEMBERED = timedelta(days=7)
"""What a worker that comes back later than this has paid for stays accounted at its worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How far the gate is open: for how many calls (None: any number), and for whose jobs it is not."""

    room: int | None = None
    shut_for: frozenset[str] = frozenset()


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

    @property
    def is_open(self) -> bool:
        return self.state is BreakerState.CLOSED and not self.is_spent

    def why_shut(self) -> str | None:
        """Why no job is started, in a clause for people; None when some can be."""
        if self.state is BreakerState.OPEN and self.breaker.open_until is not None:
            until = f"{self.breaker.open_until:%H:%M:%S} UTC"
            return f"the provider of the model is left alone until {until}: {self.breaker.reason}"
        if self.is_spent:
            return "the budget of the day is spent; it opens again at 00:00 UTC, or when it is raised"
        return None


class ProviderGate:
    """Everything here raises StoreUnavailable."""

    def __init__(
        self, ledger: CallLedger, limits: CallLimits, *, first_opening: timedelta, clock: Clock
    ) -> None:
        """`first_opening` is how long a provider is left alone that fails; longer when it goes on."""
        self._ledger = ledger
        self._limits = limits
        self._first_opening = first_opening
        self._clock = clock

    def admit(self, call: PlannedCall) -> Refusal | None:
        """Reserve a permit and the worst cost for an attempt, or say why not now."""
        now = self._clock()
        with self._ledger.deciding() as rows:
            known = rows.reservation(call.job_id, call.attempt)
            if known is not None and known.settled_at is not None:
                return None  # the attempt has ended meanwhile: who claims it again will find out
            refusal = self._limits.why_not(rows, call, known, now)
            if refusal is None:
                if known is not None:
                    _book(rows, known, reserved=-known.at_most)
                reservation = Reservation(call=call, admitted_at=now)
                rows.put_reservation(reservation)
                _book(rows, reservation, reserved=reservation.at_most)
            return refusal

    def heard(self, job_id: UUID, attempt: int, failure: Failure | None) -> datetime | None:
        """Take note of how the provider answered a call, or failed to.

        Returns until when the provider is left alone, if it is the reason why the attempt failed.
        """
        now = self._clock()
        with self._ledger.deciding() as rows:
            reservation = rows.reservation(job_id, attempt)
            if reservation is None:
                return None
            before = rows.breaker()
            after = before.after(
                failure, admitted_at=reservation.admitted_at, now=now, first_opening=self._first_opening
            )
            if after != before:
                rows.put_breaker(after)
        _log_change(before, after)
        return after.open_until if failure is not None and is_of_the_provider(failure) else None

    def settle(self, job_id: UUID, attempt: int, calls: Sequence[PaidCall]) -> None:
        """Free the permit, and account for what an attempt has cost: for the worst where that is unknown."""
        cost = _known_cost(calls)
        with self._ledger.deciding() as rows:
            reservation = rows.reservation(job_id, attempt)
            if reservation is None or reservation.cost_microusd is not None:
                return
            charged = reservation.at_most if cost is None else cost
            if reservation.settled_at is None:
                _book(rows, reservation, reserved=-reservation.at_most, spent=charged)
            else:  # settled as unknown, and its worker came back after all
                _book(rows, reservation, spent=charged - reservation.at_most)
            rows.put_reservation(replace(reservation, settled_at=self._clock(), cost_microusd=cost))

    def release(self, reservation: Reservation) -> None:
        """Forget a call that was never made."""
        call = reservation.call
        with self._ledger.deciding() as rows:
            if rows.reservation(call.job_id, call.attempt) == reservation:
                rows.remove_reservation(call.job_id, call.attempt)
                _book(rows, reservation, reserved=-reservation.at_most)

    def holds(self, job_id: UUID, attempt: int) -> bool:
        """Whether a call is still admitted."""
        with self._ledger.looking() as facts:
            reservation = facts.reservation(job_id, attempt)
            return reservation is not None and reservation.settled_at is None

    def left_unsettled(self) -> Sequence[Reservation]:
        """Calls that are under way for long, or were never made, or whose workers could not settle them."""
        with self._ledger.looking() as facts:
            return facts.unsettled(admitted_before=self._clock() - timedelta(seconds=2 * PERMIT_SECONDS))

    def forget_old_calls(self) -> None:
        with self._ledger.deciding() as rows:
            rows.forget_settled(admitted_before=self._clock() - REMEMBERED)

    def lost_calls(self, job_id: UUID, attempt: int) -> tuple[PaidCall, ...]:
        """What a dead worker may have paid for, as far as anybody knows."""
        with self._ledger.looking() as facts:
            reservation = facts.reservation(job_id, attempt)
        return () if reservation is None else (_lost(reservation, self._clock()),)

    def check_budgets(self, requester: str) -> None:
        """Raises BudgetExceeded when a new job could not be paid for today."""
        now = self._clock()
        with self._ledger.looking() as facts:
            for scope, whose in ((EVERYBODY, "of the service"), (scope_of(requester), "of the requester")):
                if self._limits.is_spent(facts, now.date(), scope):
                    raise BudgetExceeded(whose, opens_at=_tomorrow(now))

    def opening(self) -> Opening:
        now = self._clock()
        with self._ledger.looking() as facts:
            return Opening(
                room=self._limits.room(facts, now),
                shut_for=frozenset(self._limits.without_budget(facts, now.date())),
            )

    def status(self) -> GateStatus:
        now = self._clock()
        with self._ledger.looking() as facts:
            return GateStatus(
                state=facts.breaker().state(now),
                breaker=facts.breaker(),
                under_way=facts.under_way(),
                last_minute=facts.admitted(since=now - RATE_WINDOW),
                today=facts.account(now.date(), EVERYBODY),
                limits=self._limits,
                is_spent=self._limits.is_spent(facts, now.date(), EVERYBODY),
                spent_requesters=frozenset(self._limits.without_budget(facts, now.date())),
            )


def _book(rows: LedgerRows, reservation: Reservation, *, reserved: int = 0, spent: int = 0) -> None:
    """Change the accounts a call is paid from."""
    for scope in reservation.call.scopes:
        account = rows.account(reservation.day, scope)
        rows.put_account(
            reservation.day,
            scope,
            Account(spent=account.spent + spent, reserved=account.reserved + reserved),
        )


def _known_cost(calls: Sequence[PaidCall]) -> int | None:
    costs = [call.cost_microusd for call in calls]
    return None if None in costs or not costs else sum(cost for cost in costs if cost is not None)


def _lost(reservation: Reservation, now: datetime) -> PaidCall:
    return PaidCall(
        model=reservation.call.model,
        tokens_in=None,
        tokens_out=None,
        cost_microusd=None,
        latency_ms=round((now - reservation.admitted_at).total_seconds() * 1000),
        outcome="worker_lost",
    )


def _tomorrow(now: datetime) -> datetime:
    return datetime.combine(now.date() + timedelta(days=1), time.min, UTC)


def _log_change(before: CircuitBreaker, after: CircuitBreaker) -> None:
    if after.open_until is None and before.open_until is not None:
        log.warning("provider.answers_again", openings=before.openings)
    elif after.open_until is not None and after.open_until != before.open_until:
        log.warning(
            "provider.left_alone",
            until=after.open_until.isoformat(),
            reason=after.reason,
            openings=after.openings,
        )
