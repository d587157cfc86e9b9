"""A stop signal is heard whichever thread the system hands it to, and only the first is waited for."""

import signal
import subprocess
import sys

import pytest

from tests.support.process import DEADLINE_SECONDS

HANDED_TO_ANOTHER_THREAD = """
import signal, threading
from interfaces.stop_signal import StopSignal

stop, about_to_wait = StopSignal(), threading.Event()

def other() -> None:
    about_to_wait.wait()
    signal.pthread_kill(threading.get_ident(), {number})
    threading.Event().wait()  # its signal is for the main thread to handle

threading.Thread(target=other, daemon=True).start()
about_to_wait.set()
stop.wait()
"""

TWICE = """
import signal
from interfaces.stop_signal import StopSignal

stop = StopSignal()
signal.raise_signal(signal.SIGINT)
stop.wait()
signal.raise_signal(signal.{second})
"""


def _run(program: str) -> int:
    """The exit code; a wait that never ends fails here."""
    return subprocess.run([sys.executable, "-c", program], timeout=DEADLINE_SECONDS, check=False).returncode


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_handed_to_another_thread_ends_the_wait(number: int) -> None:
    assert _run(HANDED_TO_ANOTHER_THREAD.format(number=int(number))) == 0


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_has_its_usual_effect(second: signal.Signals) -> None:
    assert _run(TWICE.format(second=second.name)) == -second
