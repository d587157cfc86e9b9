"""Where the processes of a strategy come from: one that has imported all they need, and forks.

`python -m benchmarks.locking.nursery PIPE`, started by `nursery`. Imports take a worker of ours a second or
two, and a run needs dozens. What is forked is a process of its own, with connections of its own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from benchmarks.locking.reception import START_SECONDS
from benchmarks.locking.strategy import STRATEGIES, strategy_class
from tests.support.process import die_with_parent

ROOT = Path(__file__).parents[2]

Role = Callable[[str, str], None]
"""A function of a module: it is told where to report, and how it is called there."""


class Nursery:
    def __init__(self, line: "Connection[object, object]") -> None:
        self._line = line

    def start(self, role: Role, address: str, name: str) -> int:
        """A process that does what the role says. Returns its pid."""
        self._line.send((role, address, name))
        assert self._line.poll(START_SECONDS), "the nursery does not answer"
        pid = self._line.recv()
        assert isinstance(pid, int)
        return pid


@contextmanager
def nursery() -> Iterator[Nursery]:
    """What is still alive at the end dies with it."""
    ours, its = Pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.locking.nursery", str(its.fileno())],
        cwd=ROOT,
        pass_fds=[its.fileno()],
        process_group=0,  # Ctrl-C is for the lab, which ends it
        preexec_fn=die_with_parent,
    )
    its.close()
    try:
        with ours:
            yield Nursery(ours)
    finally:
        process.kill()
        process.wait()


def main() -> None:
    for name in STRATEGIES:
        strategy_class(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a worker has ended
    with Connection(int(sys.argv[1])) as line, suppress(EOFError):  # the lab is done with it
        while True:
            role, address, name = line.recv()
            pid = os.fork()
            if pid == 0:
                line.close()
                _play(role, address, name)
            line.send(pid)


def _play(role: Role, address: str, name: str) -> None:
    die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        role(address, name)
    except BaseException:  # noqa: BLE001 - it must not go on as a second nursery
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    main()
