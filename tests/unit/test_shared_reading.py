"""One reading of the log feeds all who fold it: in order, not far ahead of the slowest, and none waits for
one that has failed."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from application.errors import EventUnreadable, StoreUnavailable
from application.event_log import EventLog
from application.shared_reading import AHEAD, Feed, read_once
from tests.support.process import wait_until

LIMIT, EVENTS = 10, 95
DEADLINE_SECONDS = 10


class Log:
    """Positions from 1, read in batches; what it is `to_raise` comes behind a position."""

    def __init__(self, to_raise: tuple[int, Exception] | None = None) -> None:
        self.read: list[int] = []
        self._to_raise = to_raise

    def after(self, position: int, *, limit: int) -> list[Any]:
        if self._to_raise is not None and position >= self._to_raise[0]:
            raise self._to_raise[1]
        self.read.append(position)
        behind = range(position + 1, min(position + limit, EVENTS) + 1)
        return [SimpleNamespace(position=one) for one in behind]


def fed(log: Log, *folding: Callable[[Feed], None], up_to: int | None = None) -> tuple[int, int]:
    """What `read_once` returns, and how many events it told of meanwhile."""
    told: list[int] = []
    events = read_once(cast(EventLog, log), folding, limit=LIMIT, up_to=up_to, progress=told.append)
    return events, sum(told)


class Folder:
    def __init__(self) -> None:
        self.positions: list[int] = []

    def __call__(self, feed: Feed) -> None:
        while batch := feed.after(0, limit=LIMIT):
            self.positions += [one.position for one in batch]


def test_all_fold_every_event_once_and_the_log_is_read_once() -> None:
    log, folders = Log(), [Folder(), Folder(), Folder()]

    assert fed(log, *folders) == (EVENTS, EVENTS)
    assert [folder.positions for folder in folders] == [[*range(1, EVENTS + 1)]] * 3
    assert log.read == [*range(0, EVENTS, LIMIT)]


@pytest.mark.parametrize("up_to", [1, LIMIT, 42, EVENTS])
def test_nothing_is_folded_behind_a_position(up_to: int) -> None:
    folder = Folder()

    assert fed(Log(), folder, up_to=up_to) == (up_to, up_to)
    assert folder.positions == [*range(1, up_to + 1)]


def test_nobody_gets_far_ahead_of_the_slowest() -> None:
    slow_may_go_on, waits, quick = threading.Event(), threading.Event(), Folder()

    class Watched(Log):
        def after(self, position: int, *, limit: int) -> list[Any]:
            if len(self.read) == 1 + AHEAD:  # one that the slow one folds, and those that wait for it
                waits.set()
            return super().after(position, limit=limit)

    def slow(feed: Feed) -> None:
        first = feed.after(0, limit=LIMIT)
        assert waits.wait(DEADLINE_SECONDS)
        assert slow_may_go_on.wait(DEADLINE_SECONDS)
        Folder()(feed)
        assert len(first) == LIMIT

    log = Watched()
    reading = threading.Thread(target=fed, args=(log, slow, quick))
    reading.start()
    assert waits.wait(DEADLINE_SECONDS)
    reading.join(timeout=0.1)
    assert len(log.read) <= 2 + AHEAD, "one more is read, and waits for room"
    assert len(quick.positions) <= (2 + AHEAD) * LIMIT
    slow_may_go_on.set()
    reading.join(DEADLINE_SECONDS)

    assert not reading.is_alive()
    assert len(quick.positions) == EVENTS


def test_who_fails_keeps_nobody_waiting_and_is_told_of() -> None:
    log, other, errors = Log(), Folder(), list[Exception]()

    def fail(feed: Feed) -> None:
        feed.after(0, limit=LIMIT)
        wait_until(lambda: len(log.read) == 2 + AHEAD, "there is no room for what was read")
        raise ValueError("this one failed")

    def read() -> None:
        try:
            fed(log, fail, other)
        except ValueError as error:
            errors.append(error)

    reading = threading.Thread(target=read, daemon=True)
    reading.start()
    reading.join(DEADLINE_SECONDS)

    assert not reading.is_alive()
    assert str(errors) == "[ValueError('this one failed')]"
    assert other.positions == [*range(1, len(other.positions) + 1)], "it has ended in order"


def test_an_event_that_cannot_be_read_is_for_all_to_tell_of() -> None:
    met: list[str] = []

    def fold(feed: Feed) -> None:
        folder = Folder()
        try:
            folder(feed)
        except EventUnreadable:
            met.append("unreadable")
        assert folder.positions == [*range(1, 31)]

    fed(Log((30, EventUnreadable("topic", 31, "no reason"))), fold, fold)

    assert met == ["unreadable", "unreadable"]


def test_a_store_that_goes_away_ends_all() -> None:
    folder = Folder()

    with pytest.raises(StoreUnavailable):
        fed(Log((30, StoreUnavailable("it is away"))), folder)

    assert folder.positions == [*range(1, 31)]
