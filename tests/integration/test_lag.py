"""A view that stands still is told from one that has much to do."""

from dataclasses import dataclass
from typing import Any, cast

from application.event_log import EventLog
from application.reading import lag, seconds_behind
from application.view import View
from tests.support.core import Core


@dataclass
class At:
    """A view that has followed the log up to here."""

    name: str
    at: int

    def position(self) -> int:
        return self.at


def test_it_counts_from_the_next_event_and_not_from_the_newest(core: Core) -> None:
    core.ask("heat-1995")
    core.clock.advance(seconds=60)
    core.ask("alien-1979")
    log = EventLog(core.generations)
    head, newest = log.head(), len(log.after(0, limit=10))
    views = cast("list[View[Any, Any]]", [At("follows", head), At("works", head - 1), At("stands", 0)])

    assert lag(views, log) == {"follows": 0, "works": 1, "stands": newest}
    assert seconds_behind(views, log, now=core.clock()) == {"follows": 0.0, "works": 0.0, "stands": 60.0}
