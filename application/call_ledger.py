"""What is remembered of paid calls beside the events: those under way, what they may cost, what a day has
cost, and how the provider is doing. One row of it is locked by whoever decides, so decisions follow one
another, in however many processes they are made.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from application.circuit_breaker import CircuitBreaker

EVERYBODY = "everybody"
"""The scope of the budget of the installation; others are those of requesters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call that a writer would make for an attempt; `at_most_microusd` is None where it has no price."""

    job_id: UUID
    attempt: int
    slug: str
    requester: str
    model: str
    at_most_microusd: int | None

    @property
    def at_most(self) -> int:
        return self.at_most_microusd or 0

    @property
    def scopes(self) -> tuple[str, str]:
        """Whose budgets it is paid from."""
        return EVERYBODY, scope_of(self.requester)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A call that was admitted; it belongs to the attempt, whoever makes it.

    Its cost counts for the day it was admitted on (UTC). Settled without a known cost, it counts as what it
    may have cost at most.
    """

    call: PlannedCall
    admitted_at: datetime
    settled_at: datetime | None = None
    cost_microusd: int | None = None

    @property
    def day(self) -> date:
        return self.admitted_at.date()

    @property
    def at_most(self) -> int:
        return self.call.at_most


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What one scope has spent on a day, and what calls under way may add, in micro-USD.

    `refused` is what the cheapest call would have needed that there was not enough for, None if none was.
    """

    spent: int = 0
    reserved: int = 0
    refused: int | None = None

    @property
    def committed(self) -> int:
        return self.spent + self.reserved


def scope_of(requester: str) -> str:
    return f"key:{requester}"


class LedgerFacts(Protocol):
    """What can be read of it."""

    def breaker(self) -> CircuitBreaker: ...

    def reservation(self, job_id: UUID, attempt: int) -> Reservation | None: ...

    def under_way(self, *, since: datetime | None = None) -> int:
        """Calls that are not settled, or those of them that were admitted at a moment or later."""
        ...

    def admitted(self, *, since: datetime) -> int:
        """Calls, settled or not, that were admitted at a moment or later."""
        ...

    def unsettled(self, *, admitted_before: datetime) -> Sequence[Reservation]: ...

    def accounts(self, day: date) -> dict[str, Account]:
        """Of all scopes that have spent or reserved something on a day."""
        ...

    def account(self, day: date, scope: str) -> Account: ...


class LedgerRows(LedgerFacts, Protocol):
    """What a decision can change."""

    def put_breaker(self, breaker: CircuitBreaker) -> None: ...
    def put_reservation(self, reservation: Reservation) -> None: ...
    def remove_reservation(self, job_id: UUID, attempt: int) -> None: ...
    def put_account(self, day: date, scope: str, account: Account) -> None: ...


class CallLedger(ABC):
    """Everything here raises StoreUnavailable."""

    @abstractmethod
    def deciding(self) -> AbstractContextManager[LedgerRows]:
        """A transaction that waits for those of others, and is committed at the end."""

    @abstractmethod
    def forget_settled(self, *, admitted_before: datetime) -> int:
        """Forget some calls of long ago, and say how many; accounts stay. Nobody waits for it."""

    @abstractmethod
    def looking(self) -> AbstractContextManager[LedgerFacts]:
        """For those who only read; waits for nobody."""
