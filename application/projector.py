"""Follows the event log and keeps the views up to date, batch by batch."""

from collections.abc import Sequence

from application.event_log import EventLog
from application.projections.projection import Projection

BATCH_SIZE = 500


class Projector:
    """Each projection has its own position, so one that starts over does not hold the others back."""

    def __init__(self, log: EventLog, projections: Sequence[Projection]) -> None:
        self._log = log
        self._projections = projections

    def step(self) -> bool:
        """Fold the next batch; False when there was nothing new."""
        positions = {projection: projection.view.position() for projection in self._projections}
        batch = self._log.after(min(positions.values()), limit=BATCH_SIZE)
        for projection, position in positions.items():
            unseen = [recorded for recorded in batch if recorded.position > position]
            if unseen:
                projection.fold(unseen)
        return bool(batch)

    def lag(self) -> dict[str, int]:
        """How many positions each view is behind the head of the log."""
        head = self._log.head()
        return {projection.view.name: head - projection.view.position() for projection in self._projections}
