"""One reading of the log for several who fold it, each in a thread of its own and at its own pace."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from queue import Empty, Queue
from typing import Any

from application.errors import EventUnreadable
from application.event_log import EventLog, Recorded

AHEAD = 2
"""Batches that wait for one who folds. So memory stays as it is, and nobody waits for the slowest at once."""

Batch = Sequence[Recorded]


class Feed:
    """The log, from its first event, as one of those who fold it reads it."""

    def __init__(self) -> None:
        self._batches = Queue[Batch | EventUnreadable](AHEAD)
        self._rest: Batch = ()
        self._is_read = True
        self._has_ended = False
        self._position = 0

    def after(self, position: int, *, limit: int) -> Batch:
        """What comes next, which is what follows `position`: at most `limit` events, perhaps fewer although
        there are more; nothing behind the end."""
        assert position == self._position, "who folds it has folded all that it was given"
        if self._has_ended:
            return ()
        batch = self._rest or self._batches.get()
        self._has_ended = not batch
        if isinstance(batch, EventUnreadable):
            raise batch
        batch, self._rest = batch[:limit], batch[limit:]
        if batch:
            self._position = batch[-1].position
        return batch

    def put(self, batch: Batch | EventUnreadable) -> bool:
        """Wait until there is room. False when nobody reads any more."""
        if self._is_read:
            self._batches.put(batch)
        return self._is_read

    def leave(self) -> None:
        """Nobody reads any more; who waits for room in `put` gets it."""
        self._is_read = False
        with suppress(Empty):
            while True:
                self._batches.get_nowait()

    def break_off(self) -> None:
        """End it for who reads it, without waiting and without what has not been read."""
        self.leave()
        self._batches.put_nowait(())


def read_once(
    log: EventLog,
    folding: Sequence[Callable[[Feed], None]],
    *,
    turn: AbstractContextManager[Any],
    limit: int,
    up_to: int | None,
    progress: Callable[[int], None],
) -> int:
    """Feed all until what is left is less than a batch of `limit` events, or up to a position, and wait for
    them.

    `turn` is held while what is stored is made into events. `progress` hears how many events more were read.
    Returns how many there were. Raises StoreUnavailable, and what the first of `folding` that failed has
    raised; the others stop soon.
    """
    feeds = [Feed() for _ in folding]
    with ThreadPoolExecutor(len(feeds)) as threads:
        try:
            folds = [threads.submit(_fed, fold, feed) for fold, feed in zip(folding, feeds, strict=True)]
            events = _read_into(feeds, log, turn, limit, up_to, progress)
            for feed in feeds:
                feed.put(())
        except BaseException:  # whatever it is, Ctrl-C too: no thread may wait for what does not come
            for feed in feeds:
                feed.break_off()
            raise
    for fold in folds:
        fold.result()
    return events


def _fed(fold: Callable[[Feed], None], feed: Feed) -> None:
    try:
        fold(feed)
    finally:
        feed.leave()


def _read_into(
    feeds: Sequence[Feed],
    log: EventLog,
    turn: AbstractContextManager[Any],
    limit: int,
    up_to: int | None,
    progress: Callable[[int], None],
) -> int:
    events = position = 0
    while True:
        try:
            stored = log.stored_after(position, limit=limit)
            with turn:
                batch = log.read(stored)
        except EventUnreadable as error:
            for feed in feeds:
                feed.put(error)
            return events
        if up_to is not None:
            batch = [one for one in batch if one.position <= up_to]
        if not batch or not all(feed.put(batch) for feed in feeds):
            return events
        events, position = events + len(batch), batch[-1].position
        progress(len(batch))
        if len(batch) < limit:
            return events
