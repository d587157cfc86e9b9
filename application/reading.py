"""Reading what was just written: views follow the log a moment behind, readers must not notice."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from application.errors import ReadBehind
from application.event_log import EventLog
from application.read_models import View

T = TypeVar("T")

CATCH_UP_SECONDS = 1.0
POLL_SECONDS = 0.005


def find(look_up: Callable[[], T | None], *, view: View[Any], log: EventLog) -> T | None:
    """Look something up; a miss counts only when the view has seen all that was committed when asked.

    Raises ReadBehind if the view does not get there within CATCH_UP_SECONDS.
    """
    found = look_up()
    if found is not None:
        return found
    catch_up(view, log)
    return look_up()


def catch_up(view: View[Any], log: EventLog) -> None:
    """Wait until a view has seen all that is committed now. Raises ReadBehind."""
    head = log.head()
    deadline = time.monotonic() + CATCH_UP_SECONDS
    while view.position() < head:
        if time.monotonic() > deadline:
            raise ReadBehind(view.name)
        time.sleep(POLL_SECONDS)
