"""The gate before the provider of a paid model: asked before a job is claimed, told what became of the call.

Whoever is turned away has spent nothing, no money and no try. A call that is admitted has its permit, and
the worst it may cost, reserved in the store, so that no limit is passed however many processes ask at once.
It keeps both until it is settled: by its worker, or where that died by `settle_calls`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from application.call_ledger import CallLedger, LedgerRows, PlannedCall, Reservation
from application.call_limits import CallLimits, Refusal
from application.circuit_breaker import CircuitBreaker, is_of_the_provider
from application.gate_status import GateStatus, Opening, check_budgets
from application.movie_generations import Clock
from domain.values import Failure, PaidCall

log = structlog.get_logger()

SETTLED_BY_WORKER = timedelta(seconds=20)
"""After its admission; then others look what became of a call. Too early costs them a look."""

REMEMBERED = timedelta(days=7)
"""What a worker that comes back later than this has paid for stays accounted at its worst."""


class ProviderGate:
    """Everything here raises StoreUnavailable."""

    def __init__(
        self,
        ledger: CallLedger,
        limits: CallLimits,
        *,
        first_opening: timedelta,
        longest_call: timedelta,
        clock: Clock,
    ) -> None:
        """`first_opening` is how long a provider is left alone that fails; longer when it goes on. After
        `longest_call` no worker waits for an answer any more."""
        self._ledger = ledger
        self._limits = limits
        self._first_opening = first_opening
        self._longest_call = longest_call
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
                _reserve(rows, call, known, now)
            if refusal is Refusal.BUDGET and not _is_noted(rows, self._limits, call, now):
                return Refusal.TOO_DEAR
            return refusal

    def confirm(self, call: PlannedCall) -> bool:
        """Whether a call may be made, now that its attempt is claimed: a permit that was not used for long
        may have been released. From now on it belongs to whoever holds the claim."""
        now = self._clock()
        with self._ledger.deciding() as rows:
            known = rows.reservation(call.job_id, call.attempt)
            if known is not None and known.settled_at is not None:
                return False  # whoever settled it has taken the attempt from this worker
            may = known is not None or self._limits.why_not(rows, call, None, now) is None
            if may:
                _reserve(rows, call, known, now)
            return may

    def heard(self, job_id: UUID, attempt: int, failure: Failure | None) -> datetime | None:
        """Take note of how the provider answered a call, or failed to.

        Returns until when the provider is left alone, which may be over, if it is why the attempt failed.
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
        if failure is None or not is_of_the_provider(failure):
            return None
        return after.open_until or now

    def settle(self, job_id: UUID, attempt: int, calls: Sequence[PaidCall]) -> None:
        """Free the permit, and account for what an attempt has cost: for the worst where that is unknown."""
        cost = _known_cost(calls)
        with self._ledger.deciding() as rows:
            reservation = rows.reservation(job_id, attempt)
            if reservation is None or reservation.cost_microusd is not None:
                return
            charged = reservation.at_most if cost is None else cost
            if charged > reservation.at_most:
                log.warning(
                    "call.dearer_than_reserved",
                    slug=reservation.call.slug,
                    cost_microusd=charged,
                    reserved_microusd=reservation.at_most,
                )
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

    def unsettled(self, job_id: UUID, attempt: int) -> Reservation | None:
        with self._ledger.looking() as facts:
            reservation = facts.reservation(job_id, attempt)
        return reservation if reservation is not None and reservation.settled_at is None else None

    def left_unsettled(self) -> Sequence[Reservation]:
        """Calls that are under way for long, or were never made, or whose workers could not settle them."""
        with self._ledger.looking() as facts:
            return facts.unsettled(admitted_before=self._clock() - SETTLED_BY_WORKER)

    def may_be_under_way(self, reservation: Reservation) -> bool:
        """Whether somebody may still be waiting for the answer to a call."""
        return self._clock() < reservation.admitted_at + self._longest_call

    def forget_old_calls(self) -> bool:
        """Some of them at a time; False when none are left."""
        return self._ledger.forget_settled(admitted_before=self._clock() - REMEMBERED) > 0

    def ask_again(self) -> None:
        """Have the next call find out whether the provider answers, instead of leaving it alone."""
        with self._ledger.deciding() as rows:
            rows.put_breaker(rows.breaker().asked_again(self._clock()))

    def lost_calls(self, job_id: UUID, attempt: int) -> tuple[PaidCall, ...]:
        """What a dead worker may have paid for, as far as anybody knows."""
        with self._ledger.looking() as facts:
            reservation = facts.reservation(job_id, attempt)
        return () if reservation is None else (_lost(reservation, self._clock()),)

    def check_budgets(self, requester: str) -> None:
        """Raises BudgetExceeded when a new job could not be paid for today."""
        with self._ledger.looking() as facts:
            check_budgets(facts, self._limits, requester, self._clock())

    def opening(self) -> Opening:
        with self._ledger.looking() as facts:
            return Opening.of(facts, self._limits, self._clock())

    def status(self) -> GateStatus:
        with self._ledger.looking() as facts:
            return GateStatus.of(facts, self._limits, self._clock())


def _reserve(rows: LedgerRows, call: PlannedCall, known: Reservation | None, now: datetime) -> None:
    """In the place of a `known` reservation, whose day may be another."""
    if known is not None:
        _book(rows, known, reserved=-known.at_most)
    reservation = Reservation(call=call, admitted_at=now)
    rows.put_reservation(reservation)
    _book(rows, reservation, reserved=reservation.at_most)


def _is_noted(rows: LedgerRows, limits: CallLimits, call: PlannedCall, now: datetime) -> bool:
    """Note what was missing, so that nobody asks in vain and people see why nothing starts. False where that
    would keep cheaper calls waiting too."""
    noted = True
    for scope in limits.exceeded(rows, call, now.date(), call.at_most):
        account = rows.account(now.date(), scope)
        is_cheapest = account.refused is None or call.at_most <= account.refused
        if call.at_most > (limits.budget(scope) or 0):
            log.error("call.dearer_than_budget", slug=call.slug, at_most_microusd=call.at_most)
            noted = False
        elif is_cheapest:
            rows.put_account(now.date(), scope, replace(account, refused=call.at_most))
        else:
            noted = False
    return noted


def _book(rows: LedgerRows, reservation: Reservation, *, reserved: int = 0, spent: int = 0) -> None:
    """Change the accounts a call is paid from."""
    for scope in reservation.call.scopes:
        account = rows.account(reservation.day, scope)
        booked = replace(account, spent=account.spent + spent, reserved=account.reserved + reserved)
        rows.put_account(reservation.day, scope, booked)


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
