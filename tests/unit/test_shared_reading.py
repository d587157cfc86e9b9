"""One reading of the log feeds all who fold it: in order, not far ahead of the slowest, and none waits for
one that has failed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
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

    def __init__(self, to_raise: tuple[int, BaseException] | None = None) -> None:
        self.asked: list[int] = []
        self.has_raised = False
        self._to_raise = to_raise

    def stored_after(self, position: int, *, limit: int) -> list[Any]:
        self.asked.append(position)
        behind = range(position + 1, min(position + limit, EVENTS) + 1)
        return [SimpleNamespace(position=one) for one in behind]

    def read(self, stored: list[Any]) -> list[Any]:
        if self._to_raise is not None and stored[0].position > self._to_raise[0]:
            self.has_raised = True
            raise self._to_raise[1]
        return stored


def fed(log: Log, *folding: Callable[[Feed], None], up_to: int | None = None) -> tuple[int, int]:
    """What `read_once` returns, and how many events it told of meanwhile."""
    told: list[int] = []
    events = read_once(
        cast(EventLog, log), folding, turn=nullcontext(), limit=LIMIT, up_to=up_to, progress=told.append
    )
    return events, sum(told)


class Folder:
    def __init__(self, *, after: int = 0, limit: int = LIMIT) -> None:
        self.positions: list[int] = []
        self._after = after
        self._limit = limit

    def __call__(self, feed: Feed) -> None:
        while batch := feed.after(self._after, limit=self._limit):
            assert len(batch) <= self._limit
            self.positions += [one.position for one in batch]
            self._after = batch[-1].position


def test_all_fold_every_event_once_and_the_log_is_read_once() -> None:
    """Also who takes fewer at once than are read."""
    log, folders = Log(), [Folder(), Folder(), Folder(limit=LIMIT // 2 + 1)]

    assert fed(log, *folders) == (EVENTS, EVENTS)
    assert [folder.positions for folder in folders] == [[*range(1, EVENTS + 1)]] * 3
    assert log.asked == [*range(0, EVENTS, LIMIT)]


def test_events_are_made_in_turn_with_those_who_fold_them_and_the_store_is_asked_before() -> None:
    turn = threading.Lock()
    asking, reading, telling = list[bool](), list[bool](), list[bool]()

    class Watched(Log):
        def stored_after(self, position: int, *, limit: int) -> list[Any]:
            asking.append(turn.locked())
            return super().stored_after(position, limit=limit)

        def read(self, stored: list[Any]) -> list[Any]:
            reading.append(turn.locked())
            return super().read(stored)

    def told(_: int) -> None:
        telling.append(turn.locked())

    log = cast(EventLog, Watched())
    read_once(log, [Folder()], turn=turn, limit=LIMIT, up_to=None, progress=told)

    assert reading == [True] * len(telling) == [not held for held in telling]
    assert asking == [False] * len(telling)
    assert len(telling) == -(-EVENTS // LIMIT)


@pytest.mark.parametrize("up_to", [1, LIMIT, 42, EVENTS])
def test_nothing_is_folded_behind_a_position(up_to: int) -> None:
    folder = Folder()

    assert fed(Log(), folder, up_to=up_to) == (up_to, up_to)
    assert folder.positions == [*range(1, up_to + 1)]


def test_nobody_gets_far_ahead_of_the_slowest() -> None:
    log, quick, ahead = Log(), Folder(), list[int]()

    def slow(feed: Feed) -> None:
        for number in range(EVENTS // LIMIT):
            feed.after(number * LIMIT, limit=LIMIT)
            wait_until(
                partial(is_read, min(number + 2 + AHEAD, 1 + EVENTS // LIMIT)), "what has room is read"
            )
            ahead.append(len(log.asked) - number)
        Folder(after=EVENTS // LIMIT * LIMIT)(feed)

    def is_read(batches: int) -> bool:
        return len(log.asked) >= batches

    fed(log, slow, quick)

    assert max(ahead) == 2 + AHEAD, "the batch in hand, those that wait, and one that is read already"
    assert len(quick.positions) == EVENTS


def test_who_fails_keeps_nobody_waiting_and_is_told_of() -> None:
    log, other, errors = Log(), Folder(), list[Exception]()

    def fail(feed: Feed) -> None:
        feed.after(0, limit=LIMIT)
        wait_until(lambda: len(log.asked) == 2 + AHEAD, "there is no room for what was read")
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


@pytest.mark.parametrize("error", [StoreUnavailable("it is away"), KeyboardInterrupt()])
def test_what_ends_the_reading_ends_the_folding_before_what_waits(error: BaseException) -> None:
    log, positions = Log((30, error)), list[int]()

    def fold(feed: Feed) -> None:
        positions.append(feed.after(0, limit=LIMIT)[-1].position)
        wait_until(lambda: log.has_raised, "the store has gone away")
        wait_until(lambda: not feed.put(()), "it is broken off")
        assert feed.after(positions[-1], limit=LIMIT) == ()

    with pytest.raises(type(error)):
        fed(log, fold)

    assert positions == [LIMIT]


def test_a_thread_that_cannot_begin_keeps_no_other_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, submit = list[Any](), ThreadPoolExecutor.submit

    def submit_one(self: ThreadPoolExecutor, *work: Any) -> Any:
        if begun:
            raise RuntimeError("can't start new thread")
        begun.append(work)
        return submit(self, *work)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", submit_one)
    folder = Folder()

    with pytest.raises(RuntimeError, match="new thread"):
        fed(Log(), folder, folder)

    assert not folder.positions


def test_who_asks_behind_the_end_is_told_again() -> None:
    def fold(feed: Feed) -> None:
        Folder()(feed)
        assert feed.after(EVENTS, limit=LIMIT) == ()

    assert fed(Log(), fold) == (EVENTS, EVENTS)


def test_who_asks_for_what_does_not_follow_is_refused() -> None:
    def fold(feed: Feed) -> None:
        feed.after(0, limit=LIMIT)
        feed.after(0, limit=LIMIT)

    with pytest.raises(AssertionError, match="all that it was given"):
        fed(Log(), fold)
