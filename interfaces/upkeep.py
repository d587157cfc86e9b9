"""What a process that answers requests does beside it: it counts, knows the keys, and forgets old answers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

from application.errors import StoreUnavailable
from interfaces.loops import Loop, running
from interfaces.service import MovieMind

FLUSH_SECONDS, REFRESH_SECONDS, FORGET_SECONDS = 5.0, 1.0, 600.0


@contextmanager
def upkeep(service: MovieMind) -> Iterator[None]:
    """Leave the block when nothing is counted any more, and no key is used."""
    loops = [
        Loop("keys", service.keys.refresh, every_seconds=REFRESH_SECONDS),
        Loop("kept answers", service.answers.forget_old_ones, every_seconds=FORGET_SECONDS),
    ]
    with flushing({"tallies": service.tallies.flush, "keys in use": service.keys.flush}), running(loops):
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
