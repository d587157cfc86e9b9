"""Rebuilding views while they are read and written.

A second set of rows is folded from the first event on beside the live one, by the same projections, and
takes its place when it is as far. Nobody reads it until then, nothing else happens by it, and a rebuild that
was broken off is started again from the beginning.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from application.event_log import EventLog
from application.projections.projection import Projection, ViewName
from application.projector import Projector
from application.shared_reading import Feed, read_once
from application.view import Key, Row, View
from domain.errors import MovieMindError

BATCH_SIZE = 2_000
"""Events that are read at once. More of them than the live views take, and so few that a transaction which
writes the rows of most views is short also beside traffic."""

SWAP_SECONDS = 60.0
PAUSE_SECONDS = 0.05


@dataclass(eq=False)
class RebuildUnderWay(MovieMindError):
    """Views of this store are being rebuilt or verified already; try again when that has ended."""


@dataclass(eq=False)
class RebuildFailed(MovieMindError):
    """The '{view}' view was not rebuilt, the live one is as it was: {reason}."""

    view: str
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row, in the order of keys, that is not as it should be. `columns` are those that differ; None
    where one side has no such row: the fold, if the row `is_extra`, or else the view."""

    key: str
    columns: Sequence[str] | None
    is_extra: bool = False

    def __str__(self) -> str:
        if self.columns is None:
            return f"{self.key} {'should not be there' if self.is_extra else 'is missing'}"
        return f"{self.key} differs in {', '.join(self.columns)}"


class Comparison(ABC):
    """The rows of a live view as they were at a moment, whatever happens to them meanwhile."""

    position: int
    """The last event folded into them."""

    @abstractmethod
    def first_difference(self) -> Difference | None:
        """From the rows of the second set, which are folded up to the same position before."""


class SecondSet(ABC):
    """The rows that a rebuild makes. What has not taken the place of live ones is dropped at its end."""

    writers: int
    """How many can fold views at the same time."""

    turn: AbstractContextManager[Any]
    """Held by whoever folds a view, and by whoever reads the log for all. Python runs one thread at a time,
    and several that all have something to do cost each other more than waiting does, and most those inside a
    transaction."""

    @abstractmethod
    def of(self, view: View[Key, Row]) -> View[Key, Row]:
        """A view to fold, empty, with a position of its own."""

    @abstractmethod
    def complete(self, view: View[Any, Any]) -> tuple[int, int]:
        """Make the rows of a view ready to be searched. How many were written, and how many there are."""

    @abstractmethod
    def comparing(self, view: View[Any, Any]) -> AbstractContextManager["Comparison"]:
        """The live rows as they are now, to be compared with these."""

    @abstractmethod
    def swap(self, view: View[Any, Any]) -> bool:
        """Let the rows take the place of the live ones, in one short transaction. False, and nothing has
        happened, where the live view is further, or others keep its table from being changed at once. When
        this returns True it lasts through a crash.

        Raises RebuildFailed, RebuildUnderWay, StoreUnavailable."""


class SecondSets(Protocol):
    def __call__(self, views: Sequence[View[Any, Any]]) -> AbstractContextManager[SecondSet]:
        """Begin a second set for some views; what an earlier one has left is dropped. Raises
        RebuildUnderWay."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    view: str
    events: int
    rows: int


def rebuild(
    projections: Sequence[Projection[Any, Any]],
    *,
    log: EventLog,
    second_sets: SecondSets,
    around_swap: Callable[[View[Any, Any]], AbstractContextManager[None]] = lambda _: nullcontext(),
    progress: Callable[[int], None] = lambda _: None,
) -> list[Rebuilt]:
    """Fold all events anew, and let the rows take the place of the live ones, view by view in their order.

    `around_swap` is for what keeps copies of rows. `progress` hears how many events more were read. Raises
    RebuildUnderWay, RebuildFailed, StoreUnavailable; the views are live as they were then, or are rebuilt
    already.
    """
    with second_sets([projection.view for projection in projections]) as second_set:
        copies = [replace(one, view=second_set.of(one.view)) for one in projections]
        events = approach(copies, log, second_set, progress)
        return [
            _take_the_place(projection.view, copy, second_set, around_swap, log, events)
            for projection, copy in zip(projections, copies, strict=True)
        ]


def approach(
    copies: Sequence[Projection[Any, Any]],
    log: EventLog,
    second_set: SecondSet,
    progress: Callable[[int], None],
    *,
    up_to: int | None = None,
) -> int:
    """Fold the views of a second set until what is left is less than a batch, or up to a position. While
    events keep coming there may always be some: only who folds one view alone comes so near that it can be
    swapped. Returns how many events were folded. Raises RebuildFailed, StoreUnavailable, and ViewMoved or
    StoreUnavailable where somebody else has begun a second set."""
    shares = [copies[first :: second_set.writers] for first in range(second_set.writers)]
    folding = [partial(_fold, share) for share in shares]
    return read_once(log, folding, turn=second_set.turn, limit=BATCH_SIZE, up_to=up_to, progress=progress)


def _fold(copies: Sequence[Projection[Any, Any]], feed: Feed) -> None:
    projector = Projector(feed, copies, batch_size=_batch_size(copies))
    while _step(projector):
        pass


def _batch_size(copies: Sequence[Projection[Any, Any]]) -> int:
    """The history gets a row for every event, in five indices, and films have texts and inverted indices:
    nothing that others fold takes as long to write."""
    match [copy.view.name for copy in copies]:
        case [ViewName.HISTORY]:
            return BATCH_SIZE // 4
        case [ViewName.MOVIES] | [_, _, *_]:
            return BATCH_SIZE // 2
        case _:
            return BATCH_SIZE


def _take_the_place(
    view: View[Any, Any],
    copy: Projection[Any, Any],
    second_set: SecondSet,
    around_swap: Callable[[View[Any, Any]], AbstractContextManager[None]],
    log: EventLog,
    events: int,
) -> Rebuilt:
    """Go on until the rows are as far as the live ones in the moment in which they take their place."""
    folded = batch_size = _batch_size([copy])
    projector = Projector(log, [copy], batch_size=batch_size)
    while folded == batch_size:
        folded = _step(projector)
        events += folded
    rows = _check(view, second_set)
    deadline = time.monotonic() + SWAP_SECONDS
    while not _swapped(view, second_set, around_swap):
        if time.monotonic() > deadline:
            raise RebuildFailed(view.name, "its table was in use all the time; try again")
        folded = _step(projector)
        events += folded
        if not folded:
            time.sleep(PAUSE_SECONDS)
    return Rebuilt(view.name, events, rows)


def _swapped(
    view: View[Any, Any],
    second_set: SecondSet,
    around_swap: Callable[[View[Any, Any]], AbstractContextManager[None]],
) -> bool:
    with around_swap(view):
        return second_set.swap(view)


def catch_up(
    copies: Sequence[Projection[Any, Any]],
    log: EventLog,
    progress: Callable[[int], None],
    *,
    up_to: int | None = None,
) -> int:
    """Fold as far as the log goes, or up to a position, batch by batch. Returns how many events there were.
    Raises what `approach` does."""
    projector = Projector(log, copies, batch_size=_batch_size(copies), up_to=up_to)
    events = 0
    while folded := _step(projector):
        events += folded
        progress(folded)
    return events


def _step(projector: Projector) -> int:
    """Raises RebuildFailed where a view has stopped, and what has held one up."""
    try:
        folded = projector.step()
    except ExceptionGroup as held_up:
        raise held_up.exceptions[0] from held_up
    for view, because in projector.stopped.items():
        raise RebuildFailed(view, because)
    return folded


def _check(view: View[Any, Any], second_set: SecondSet) -> int:
    """Returns how many rows there are. Raises RebuildFailed."""
    written, found = second_set.complete(view)
    if written != found:
        raise RebuildFailed(view.name, f"{written} rows were written, and {found} are there")
    return found
