"""What a process that answers requests does beside it: it counts, knows the keys, forgets old answers, and
ends the rebuilds it has started."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress

from application.errors import StoreUnavailable
from interfaces.loops import Loop, running
from interfaces.service import MovieMind

FLUSH_SECONDS, REFRESH_SECONDS, FORGET_SECONDS = 5.0, 1.0, 600.0


@contextmanager
def upkeep(service: MovieMind) -> Iterator[None]:
    """Leave the block when nothing is counted any more, no key is used, and no rebuild is asked for."""
    loops = [
        Loop("keys", service.keys.refresh, every_seconds=REFRESH_SECONDS),
        Loop("kept answers", service.answers.forget_old_ones, every_seconds=FORGET_SECONDS),
    ]
    flushes = {"tallies": service.tallies.flush, "keys in use": service.keys.flush}
    with closing(service.rebuild_processes), flushing(flushes), running(loops):
        yield


@contextmanager
def flushing(flushes: Mapping[str, Callable[[], None]]) -> Iterator[None]:
    """What is gathered in memory goes into the store every few seconds, and at the end."""
    try:
        with running([Loop(name, flush, every_seconds=FLUSH_SECONDS) for name, flush in flushes.items()]):
            yield
    finally:
        for flush in flushes.values():
            with suppress(StoreUnavailable):  # all of it is approximate, and no reason to end badly
                flush()
