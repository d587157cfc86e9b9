"""Work that a process does over and over beside serving requests."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import structlog

from application.audit.published import PlaceUnavailable
from application.errors import QueueUnavailable
from application.projector import HELD_UP

log = structlog.get_logger()

_HELD_UP = (QueueUnavailable, PlaceUnavailable, *HELD_UP)
"""By others: an outage, or a process that does the same work."""

FIRST_PAUSE_SECONDS = 0.1
"""What most often holds a step up is over at once: somebody else has folded the view, or swapped it."""
LONGEST_PAUSE_SECONDS = 10.0


class Loop:
    """Calls `step` again and again in a thread of its own: at once while it reports more to do, else when
    woken or after `every_seconds`. A step that raises is logged and tried again, later and later."""

    def __init__(
        self,
        name: str,
        step: Callable[[], object],
        *,
        every_seconds: float,
        wake: threading.Event | None = None,
        then: Callable[[], None] = lambda: None,
        rest_seconds: float = 0.0,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        """`wake` ends a pause early; `then` is called after a step that did something, and a rest follows,
        so that the next step finds a batch instead of one thing at a time."""
        self._name = name
        self._step = step
        self._every_seconds = every_seconds
        self._wake = wake or threading.Event()
        self._then = then
        self._rest_seconds = rest_seconds
        self._longest_pause_seconds = longest_pause_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let the step at hand finish, and end."""
        self._stopping.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        pause = first_pause = min(FIRST_PAUSE_SECONDS, self._longest_pause_seconds)
        while True:
            self._wake.clear()  # before looking whether to stop: a wake-up that comes after it is not lost
            if self._stopping.is_set():
                return
            try:
                did_something = bool(self._step())
            except Exception as error:  # noqa: BLE001 - reported
                self._report(error, pause)
                self._wake.wait(pause)
                pause = min(pause * 2, self._longest_pause_seconds)
                continue
            pause = first_pause
            if did_something:
                self._then()
                self._stopping.wait(self._rest_seconds)
            else:
                self._wake.wait(self._every_seconds)

    def _report(self, error: Exception, pause: float) -> None:
        """What is no fault of ours takes a sentence and no traceback."""
        about = {"loop": self._name, "next_try_in_seconds": pause}
        failed = error.exceptions if isinstance(error, ExceptionGroup) else (error,)
        if all(isinstance(one, _HELD_UP) for one in failed):
            log.warning("loop.held_up", reason=str(failed[0]), **about)
        else:
            log.error("loop.step_failed", exc_info=error, **about)


@contextmanager
def running(loops: Sequence[Loop]) -> Iterator[None]:
    """Loops that run while the block does; the last one stops first."""
    with ExitStack() as stack:
        for loop in loops:
            loop.start()
            stack.callback(loop.stop)
        yield
