"""Reading what was just written: views follow the log a moment behind, readers must not notice."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from application.errors import EventUnreadable, ReadBehind
from application.event_log import EventLog
from application.view import View

T = TypeVar("T")

CATCH_UP_SECONDS = 1.0
POLL_SECONDS = 0.005
FRESHNESS_LOOK_SECONDS = 0.05

MUCH_LAG = 5_000
"""Events. A view that is so many behind cannot be relied on, and nobody counts any further."""
LONG_BEHIND_SECONDS = 30.0
"""Not to follow the next event for so long is to stand still."""


def find(look_up: Callable[[], T | None], *, view: View[Any, Any], log: EventLog) -> T | None:
    """Look something up; a miss counts only when the view has seen all that was committed when asked.

    Raises ReadBehind if the view does not get there within CATCH_UP_SECONDS.
    """
    found = look_up()
    if found is not None:
        return found
    catch_up(view, log)
    return look_up()


def catch_up(view: View[Any, Any], log: EventLog) -> None:
    """Wait until a view has seen all that is committed now. Raises ReadBehind."""
    head = log.head()
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while view.position() < head:
        if time.monotonic() > deadline:
            raise ReadBehind(view.name)
        time.sleep(POLL_SECONDS)


def lag(views: Sequence[View[Any, Any]], log: EventLog) -> dict[str, int]:
    """How many events each view is behind the head of the log; counting stops at MUCH_LAG."""
    return {view.name: log.count_after(view.position(), at_most=MUCH_LAG) for view in views}


def seconds_behind(views: Sequence[View[Any, Any]], log: EventLog, *, now: datetime) -> dict[str, float]:
    """How long each view has not followed the next event; 0 where there is none. One that only has much to
    do moves on to newer ones, one that stands still does not."""
    return {view.name: _seconds_behind(view.position(), log, now) for view in views}


def _seconds_behind(position: int, log: EventLog, now: datetime) -> float:
    try:
        following = log.after(position, limit=1)
    except EventUnreadable:  # which nobody will ever follow
        return LONG_BEHIND_SECONDS
    return max((now - following[0].event.timestamp).total_seconds(), 0.0) if following else 0.0


class Freshness:
    """Whether views are known to show everything that was committed CATCH_UP_SECONDS ago.

    A command waits that long for the views before it is answered. So what is read from fresh views is never
    older than what the client who asks has been told. Looked up a few times a second, not per question.
    """

    def __init__(
        self,
        views: Sequence[View[Any, Any]],
        log: EventLog,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._views = views
        self._log = log
        self._clock = clock
        self._looking = threading.Lock()
        self._look_at = self._shown_until = -math.inf
        self._awaited: tuple[float, int] | None = None

    def is_given(self) -> bool:
        """Raises StoreUnavailable."""
        with self._looking:
            now = self._clock()
            if now >= self._look_at:
                self._look_at = now + FRESHNESS_LOOK_SECONDS
                self._look(now)
            return now < self._shown_until + CATCH_UP_SECONDS

    def _look(self, now: float) -> None:
        """Views that have reached a head show what was committed before it was looked up."""
        reached = min(view.position() for view in self._views)
        if self._awaited is not None and self._awaited[1] <= reached:
            self._shown_until, self._awaited = self._awaited[0], None
        if self._awaited is None:
            head = self._log.head()
            if head <= reached:
                self._shown_until = now
            else:
                self._awaited = (now, head)
