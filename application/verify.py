"""Whether views hold what the events say: each is compared with a fresh fold, at the very same position.

The fold is a second set of rows that never takes the place of the live ones, which go on meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from application.event_log import EventLog
from application.projections.projection import Projection
from application.rebuild import Difference, SecondSets, approach, catch_up


@dataclass(frozen=True, slots=True)
class Verified:
    """`position` is that of the last event in what was compared."""

    view: str
    position: int
    difference: Difference | None


def verify(
    projections: Sequence[Projection[Any, Any]],
    *,
    log: EventLog,
    second_sets: SecondSets,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Verified]:
    """`progress` hears how many events more were read. Raises RebuildUnderWay, RebuildFailed,
    StoreUnavailable."""
    with second_sets([projection.view for projection in projections]) as second_set:
        copies = [replace(one, view=second_set.of(one.view)) for one in projections]
        approach(copies, log, second_set, progress, up_to=min(one.view.position() for one in projections))
        verified = []
        for projection, copy in zip(projections, copies, strict=True):
            # Before rows are held as they are, which they cannot be for long.
            catch_up([copy], log, progress, up_to=projection.view.position())
            with second_set.comparing(projection.view) as comparison:
                catch_up([copy], log, progress, up_to=comparison.position)
                difference = comparison.first_difference()
            verified.append(Verified(projection.view.name, comparison.position, difference))
    return verified
