"""A rebuild as commands and services run it: it tells of itself in the store, for whoever asks."""

import ctypes
import gc
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from application.errors import StoreUnavailable, first_line
from application.rebuild import Rebuilt, SecondSet
from application.rebuild import rebuild as rebuild_views
from application.view import View
from domain.errors import MovieMindError
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import build_swap_guard, projections_of
from interfaces.loops import Loop, running

TELL_SECONDS = 1.0
SWITCH_SECONDS = 0.002
_M_ARENA_MAX = -8  # in glibc's malloc.h


def tune_for_folding() -> None:
    """For processes that fold or read a whole log, and do nothing else."""
    gc.disable()  # a fold makes many objects and no cycles; to look for some takes a fifth of its time
    # Views are folded by threads, and each of their transactions waits some times for its turn to go on: with
    # Python's 5 ms the longest was open for 215 ms instead of 155, and with 1 ms they interrupt who folds.
    sys.setswitchinterval(SWITCH_SECONDS)
    # Each thread would keep what others freed of its memory: a log of a million took 221 MiB, of 100,000 125.
    with suppress(AttributeError):  # where the C library is another
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def rebuild(
    settings: Settings,
    store: Store,
    names: Collection[str],
    *,
    begun: Callable[[], None] = lambda: None,
    progress: Callable[[int], None] = lambda _: None,
) -> list[Rebuilt]:
    """Rebuild the views of these names. `begun` is called when no other can begin any more.

    Raises RebuildUnderWay, RebuildFailed, StoreUnavailable.
    """
    told = _Told(store, begun, progress)
    return rebuild_views(
        [one for one in projections_of(store) if one.view.name in names],
        log=store.log,
        second_sets=told.second_sets,
        around_swap=build_swap_guard(settings, store),
        progress=told.progress,
    )


class _Told:
    """A second set whose rebuild is told of, from when it holds the lock to when it has cleaned up."""

    def __init__(self, store: Store, begun: Callable[[], None], progress: Callable[[int], None]) -> None:
        self._store = store
        self._begun = begun
        self._progress = progress
        self._events = 0
        self._rebuild_id = ""

    def progress(self, events: int) -> None:
        self._events += events
        self._progress(events)

    @contextmanager
    def second_sets(self, views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
        try:
            with ExitStack() as telling, self._store.second_sets(views) as second_set:
                self._rebuild_id = self._store.rebuilds.begin(
                    [view.name for view in views], of_events=self._store.log.count()
                )
                telling.enter_context(running([Loop("rebuild", self._tell, every_seconds=TELL_SECONDS)]))
                self._begun()
                yield second_set
        except MovieMindError as error:
            self._failed(str(error))
            raise
        except Exception as error:
            self._failed(first_line(error))
            raise
        self._store.rebuilds.end(self._rebuild_id, events=self._events)

    def _tell(self) -> None:
        self._store.rebuilds.tell(self._rebuild_id, events=self._events)

    def _failed(self, failure: str) -> None:
        if not self._rebuild_id:
            return
        with suppress(StoreUnavailable):  # then it falls silent, which says enough
            self._store.rebuilds.end(self._rebuild_id, events=self._events, failure=failure)
