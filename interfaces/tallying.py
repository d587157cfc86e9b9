"""What a process counts goes into the store every few seconds, and at its end."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from application.errors import StoreUnavailable
from application.tallies import Tallies
from interfaces.loops import Loop, running

FLUSH_SECONDS = 5.0


@contextmanager
def tallying(tallies: Tallies) -> Iterator[None]:
    """Leave the block when nothing is counted any more."""
    try:
        with running([Loop("tallies", tallies.flush, every_seconds=FLUSH_SECONDS)]):
            yield
    finally:
        with suppress(StoreUnavailable):  # they are approximate, and no reason to end badly
            tallies.flush()
