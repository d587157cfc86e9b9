"""How a process that serves learns that it should end."""

import os
import select
import signal
from types import FrameType

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StopSignal:
    """Waits for the first SIGINT or SIGTERM from now on; the second, of either kind, has its usual effect.

    The wait is for a byte that the interpreter writes the instant a signal arrives. An Event set by the
    handler is not enough: the handler only runs when the main thread gets to it, which a thread just
    about to block does not, and one that sets the Event inside that Event's own wait blocks itself.
    """

    def __init__(self) -> None:
        self._arrived, self._announce = os.pipe()
        os.set_blocking(self._announce, False)
        signal.set_wakeup_fd(self._announce)
        for number in _STOP_SIGNALS:
            signal.signal(number, _let_the_next_one_end_us)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether one has arrived, at the latest after so many seconds."""
        return bool(select.select([self._arrived], [], [], seconds)[0])

    def send(self) -> None:
        """As if a signal had arrived, from any thread."""
        os.write(self._announce, b"\0")


def _let_the_next_one_end_us(_number: int, _frame: FrameType | None) -> None:
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
