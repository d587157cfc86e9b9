"""Tells dead workers from live ones by their heartbeats, without comparing clocks.

Each worker counts beats in the store. Silence is the time during which this watcher looked and saw the
count stand still. A pause of the watcher itself, or of the store, is nobody's silence: the watcher beats
too, and counts nothing of the time in which it could not.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

WATCHER = "watcher"

FORGOTTEN_AFTER = 10
"""Times the silence of a dead worker: one that was frozen that long is not expected back."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process; `threads` is how many attempts it runs at the same time."""

    worker_id: str
    threads: int
    started_at: datetime
    beat_at: datetime


class Heartbeats(ABC):
    """Where workers leave signs of life."""

    @abstractmethod
    def beat(self, worker_id: str, *, threads: int) -> None: ...

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Beats so far of every worker that has not signed off."""

    @abstractmethod
    def seen_within(self, seconds: float) -> Sequence[Worker]:
        """Workers that gave a sign of life in the last `seconds`, by the clock of the store; who started
        first comes first. To be shown and counted; `WorkerWatch` tells who is dead."""

    @abstractmethod
    def sign_off(self, worker_id: str) -> None:
        """A worker that ends in order, or one that is known to be dead."""


@dataclass(slots=True)
class _Seen:
    beats: int
    silent_seconds: float = 0.0


class WorkerWatch:
    def __init__(
        self,
        heartbeats: Heartbeats,
        *,
        dead_after_seconds: float,
        looks_every_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._heartbeats = heartbeats
        self._dead_after = dead_after_seconds
        self._looks_every = looks_every_seconds
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}
        self._looked_at: float | None = None

    def look(self) -> None:
        """Read the heartbeats once; meant to be called at a steady pace."""
        watched = self._watched_seconds()
        self._heartbeats.beat(
            WATCHER, threads=0
        )  # first: where nobody can write, nobody's silence means anything
        counts = self._heartbeats.counts()
        del counts[WATCHER]
        before, self._seen = self._seen, {}
        for worker_id, beats in counts.items():
            seen = before.get(worker_id)
            is_silent = seen is not None and seen.beats == beats
            self._seen[worker_id] = _Seen(beats, seen.silent_seconds + watched if seen and is_silent else 0.0)
        self._looked_at = self._monotonic()
        for worker_id, seen in self._seen.items():
            if seen.silent_seconds >= FORGOTTEN_AFTER * self._dead_after:
                self._heartbeats.sign_off(worker_id)

    def is_dead(self, worker_id: str) -> bool:
        """A worker beats before it claims, so one without a heartbeat has ended."""
        seen = self._seen.get(worker_id)
        return seen is None or seen.silent_seconds >= self._dead_after

    def _watched_seconds(self) -> float:
        """Since the last look. Nothing after one that failed, and nothing when this one comes so late that
        it must have been held up."""
        looked_at, self._looked_at = self._looked_at, None
        if looked_at is None or (passed := self._monotonic() - looked_at) > 2 * self._looks_every:
            return 0.0
        return min(passed, self._looks_every)
