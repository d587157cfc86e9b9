"""What a rebuild tells of itself while it runs and when it ends: any process may run it, and any may ask."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

SILENT_SECONDS = 10.0
"""A rebuild tells of itself about every second. One that has said nothing for so long was killed, or has lost
the store."""


class RebuildState(StrEnum):
    RUNS = "runs"
    DONE = "done"
    FAILED = "failed"
    BROKEN_OFF = "broken off"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRebuild:
    """What a rebuild said last, at `told_at`: `events` were folded, of as many as there were when it began.
    `failure` says why views are as they were."""

    views: Sequence[str]
    events: int
    of_events: int
    started_at: datetime
    told_at: datetime
    silent_seconds: float
    has_ended: bool
    failure: str | None

    @property
    def state(self) -> RebuildState:
        if self.has_ended:
            return RebuildState.FAILED if self.failure else RebuildState.DONE
        return RebuildState.BROKEN_OFF if self.silent_seconds > SILENT_SECONDS else RebuildState.RUNS

    @property
    def events_per_second(self) -> float | None:
        """None before it has told of any."""
        seconds = (self.told_at - self.started_at).total_seconds()
        return self.events / seconds if seconds and self.events else None


class RebuildBook(ABC):
    """The newest rebuild of a store. One that was overtaken, as it had lost its lock, can tell nothing more.
    Everything here raises StoreUnavailable."""

    @abstractmethod
    def begin(self, views: Sequence[str], *, of_events: int) -> str:
        """For whoever holds the lock. Returns what the rebuild is called."""

    @abstractmethod
    def tell(self, rebuild_id: str, *, events: int) -> None: ...

    @abstractmethod
    def end(self, rebuild_id: str, *, events: int, failure: str | None = None) -> None: ...

    @abstractmethod
    def newest(self) -> ToldRebuild | None: ...
