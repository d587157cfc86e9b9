"""A projection: a view, and how an event changes its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic

from application.event_log import Recorded
from application.read_models import Rows, View


@dataclass(frozen=True, eq=False)
class Projection(Generic[Rows]):
    view: View[Rows]
    apply: Callable[[Recorded, Rows], None]

    def fold(self, batch: Sequence[Recorded], *, after: int) -> None:
        """Fold a non-empty batch, read behind `after`, in one transaction with the position reached.

        Raises ViewMoved, and has folded nothing, if the view is no longer at `after`.
        """
        with self.view.writing(after=after, up_to=batch[-1].position) as rows:
            for recorded in batch:
                self.apply(recorded, rows)
