"""Whether jobs are started at all: a row in the store, so that it holds for every process and outlives them.

Accepted jobs wait while the queue is paused; requests are still accepted.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueState:
    """`dispatch_round` grows whenever everything due shall be sent again, whatever was sent before.

    Who changed the switch last, when, and why; None while nobody has.
    """

    is_paused: bool = False
    dispatch_round: int = 0
    changed_by: str | None = None
    changed_at: datetime | None = None
    reason: str | None = None


class QueueSwitch(ABC):
    """Everything here raises StoreUnavailable."""

    @abstractmethod
    def state(self) -> QueueState: ...

    @abstractmethod
    def pause(self, *, by: str, at: datetime, reason: str) -> None:
        """Start no job from now on. What runs may finish."""

    @abstractmethod
    def resume(self, *, by: str, at: datetime) -> None:
        """Start jobs again. Messages that came in vain meanwhile are sent again."""

    @abstractmethod
    def send_again(self, *, by: str, at: datetime) -> None:
        """Send everything due again; paused or not stays as it is."""
