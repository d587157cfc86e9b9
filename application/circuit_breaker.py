"""Keeps jobs from a provider that fails: closed while it answers, open for a time after it failed, and then
half-open, when a single call finds out whether it answers again.

Only calls that were admitted since it last opened say anything: what others still meet is the same failure.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.values import Failure, FailureType

FAILURES_IN_A_ROW = 3
"""Open it. So few that those of a lone job do, all of which are spared."""

LONGEST_OPEN = 30
"""Times the first opening, which each further failure doubles."""


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitBreaker:
    """`failures` are those in a row while it is closed, `openings` those since it was last closed.

    `open_until` is None while it is closed; `reason` says what the provider answered when it opened.
    `opened_ever` counts all openings, for who looks now and then.
    """

    failures: int = 0
    openings: int = 0
    opened_ever: int = 0
    open_until: datetime | None = None
    reason: str = ""

    def state(self, now: datetime) -> BreakerState:
        if self.open_until is None:
            return BreakerState.CLOSED
        return BreakerState.OPEN if now < self.open_until else BreakerState.HALF_OPEN

    def after(
        self, failure: Failure | None, *, admitted_at: datetime, now: datetime, first_opening: timedelta
    ) -> "CircuitBreaker":
        """What it is once a call has ended: without a failure, or with this one."""
        if self.open_until is not None and admitted_at < self.open_until:
            return self._asked_to_wait(failure, now)
        if _has_answered(failure):
            return CircuitBreaker(opened_ever=self.opened_ever)
        assert failure is not None
        if failure.type is FailureType.UNKNOWN_ERROR:  # of ours: the provider may be well
            return self
        failures = self.failures + 1
        opens = failure.locks_out or failure.type is FailureType.RATE_LIMITED or self.open_until is not None
        if not opens and failures < FAILURES_IN_A_ROW:
            return replace(self, failures=failures)
        pause = failure.retry_after or first_opening * min(2**self.openings, LONGEST_OPEN)
        return CircuitBreaker(
            openings=self.openings + 1,
            opened_ever=self.opened_ever + 1,
            open_until=now + pause,
            reason=failure.technical_message or failure.message,
        )

    def asked_again(self, now: datetime) -> "CircuitBreaker":
        """Half-open at once, if it is open: somebody knows that the provider is well."""
        return replace(self, open_until=now) if self.state(now) is BreakerState.OPEN else self

    def _asked_to_wait(self, failure: Failure | None, now: datetime) -> "CircuitBreaker":
        """A provider that turns several calls away may ask the last of them to wait the longest."""
        if failure is None or failure.retry_after is None or self.open_until is None:
            return self
        return replace(self, open_until=max(self.open_until, now + failure.retry_after))


def is_of_the_provider(failure: Failure) -> bool:
    """Whether it says nothing about the job that met it."""
    return failure.is_retryable and failure.type in (
        FailureType.AI_API_ERROR,
        FailureType.TIMEOUT,
        FailureType.RATE_LIMITED,
    )


def _has_answered(failure: Failure | None) -> bool:
    """An answer that is refused is one, and so is a refusal of this request alone."""
    if failure is None or failure.type in (FailureType.VALIDATION_ERROR, FailureType.NOT_FOUND):
        return True
    return failure.type is FailureType.AI_API_ERROR and failure.is_final and not failure.locks_out
