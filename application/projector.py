"""Follows the event log and keeps the views up to date, batch by batch."""

from collections.abc import Sequence
from typing import Any, Protocol

import structlog

from application.errors import (
    EventUnreadable,
    StoreUnavailable,
    ViewMoved,
    ViewNeedsRebuild,
    ViewTooNew,
    first_line,
)
from application.event_log import Recorded
from application.projections.projection import Projection

BATCH_SIZE = 250
"""Events. A transaction that folds as many takes less than 0.2 s also where every row has to be read first
(PostgreSQL, jobs of 20,000 films in the order of a bulk import)."""

HELD_UP = (StoreUnavailable, ViewMoved, ViewNeedsRebuild, ViewTooNew)
"""By others, and no fault of an event: to be tried again."""

log = structlog.get_logger()

AnyProjection = Projection[Any, Any]


class ReadableLog(Protocol):
    """An EventLog, or what reads one for us."""

    def after(self, position: int, *, limit: int) -> Sequence[Recorded]: ...


class Projector:
    """Each projection has its own position, so one that starts over, or stops, does not hold the others back.

    One that meets an event it cannot fold stops before it, for all to see, and nothing is ever skipped. It
    is tried again by the next projector, which may know more, and once somebody has moved its view.
    """

    def __init__(
        self,
        event_log: ReadableLog,
        projections: Sequence[AnyProjection],
        *,
        batch_size: int = BATCH_SIZE,
        up_to: int | None = None,
    ) -> None:
        """`up_to` is the position of the last event to fold, where there is one."""
        self._log = event_log
        self._projections = projections
        self._batch_size = batch_size
        self._up_to = up_to
        self._stopped_at: dict[AnyProjection, int] = {}
        self.stopped: dict[str, str] = {}
        """Why a view has stopped, by its name."""

    def step(self) -> int:
        """Fold the next batch of each. Returns how many events were in the longest; 0 when there was nothing
        new for any that has not stopped.

        One that is held up does not keep the others from their batch. Raises ExceptionGroup.
        """
        positions = {
            projection: position
            for projection in self._projections
            if self._stopped_at.get(projection) != (position := projection.view.position())
        }
        batches: dict[int, Sequence[Recorded] | EventUnreadable] = {
            position: self._batch(position) for position in set(positions.values())
        }
        errors: list[Exception] = []
        for projection, position in positions.items():
            try:
                self._advance(projection, batches[position], after=position)
            except HELD_UP as error:
                errors.append(error)
        if errors:
            raise ExceptionGroup("projections failed", errors)
        return max((len(batch) for batch in batches.values() if not isinstance(batch, Exception)), default=0)

    def _batch(self, position: int) -> Sequence[Recorded] | EventUnreadable:
        try:
            batch = self._log.after(position, limit=self._batch_size)
        except EventUnreadable as error:
            return error
        return [one for one in batch if self._up_to is None or one.position <= self._up_to]

    def _advance(
        self, projection: AnyProjection, batch: Sequence[Recorded] | EventUnreadable, *, after: int
    ) -> None:
        if isinstance(batch, EventUnreadable):
            self._stop_at(projection, after, str(batch))
        elif batch:
            self._fold(projection, batch, after=after)

    def _fold(self, projection: AnyProjection, batch: Sequence[Recorded], *, after: int) -> None:
        try:
            projection.fold(batch, after=after)
        except HELD_UP:
            raise
        except Exception as error:  # noqa: BLE001 - it is told, and the event is not skipped
            if len(batch) == 1:
                self._stop(projection, batch[0], after, error)
                return
            log.warning("projection.batch_refused", view=projection.view.name, events=len(batch))
            for recorded in batch:
                self._fold(projection, [recorded], after=after)
                if projection in self._stopped_at:
                    return
                after = recorded.position

    def _stop(self, projection: AnyProjection, recorded: Recorded, after: int, error: Exception) -> None:
        event = type(recorded.event).__name__
        because = (
            f"{event} at position {recorded.position} (version {recorded.version} of {recorded.slug})"
            f" cannot be folded: {first_line(error)}"
        )
        self._stop_at(projection, after, because)

    def _stop_at(self, projection: AnyProjection, position: int, because: str) -> None:
        projection.view.stop(at=position, because=because)
        self._stopped_at[projection] = position
        self.stopped[projection.view.name] = because
        log.error("projection.stopped", view=projection.view.name, because=because)
