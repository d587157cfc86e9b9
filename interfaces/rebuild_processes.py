"""Starts rebuilds beside a service, each in a process that ends with it (interfaces/rebuilder.py)."""

import os
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import structlog

from application.rebuild import RebuildUnderWay
from domain.errors import MovieMindError

BEGUN = "begun"
"""What a process says when its rebuild has begun. Instead it may say the code of an error."""

LONGEST_START_SECONDS = 20.0
"""Starting takes one or two, and some more where there is much to sweep up that a rebuild has left which was
killed. What is swept up by then stays so."""

LONGEST_END_SECONDS = 1.0
"""From the end of a rebuild, which whoever asks is told at once, to that of its process."""

log = structlog.get_logger()


@dataclass(eq=False)
class RebuildNotStarted(MovieMindError):
    """No rebuild was started, and the views are as they were: {reason}."""

    reason: str


class RebuildProcesses:
    """One at a time: each takes a second of a processor to start, and much memory. Safe to use from any
    number of threads."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """`settings` are variables that make a process use the same store."""
        self._settings = settings
        self._starting = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._watcher: threading.Thread | None = None

    def start(self, views: Collection[str]) -> None:
        """Returns when views of these names are being rebuilt. Raises RebuildUnderWay, also while another is
        being started, and RebuildNotStarted."""
        if not self._starting.acquire(blocking=False):
            raise RebuildUnderWay
        try:
            if self._runs():
                raise RebuildUnderWay
            self._start(views)
        finally:
            self._starting.release()

    def close(self) -> None:
        """End the one that runs; the views in use are as they were then."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _runs(self) -> bool:
        if self._watcher is None:
            return False
        self._watcher.join(LONGEST_END_SECONDS)
        return self._watcher.is_alive()

    def _start(self, views: Collection[str]) -> None:
        try:
            self._process = process = subprocess.Popen(
                [sys.executable, "-m", "interfaces.rebuilder", *views],
                env={**os.environ, **self._settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise RebuildNotStarted(error.strerror or str(error)) from error
        said: SimpleQueue[str] = SimpleQueue()
        self._watcher = threading.Thread(target=_watch, args=(process, said), name="rebuild", daemon=True)
        self._watcher.start()
        line = _heard(said)
        if line is None:
            process.kill()
            raise RebuildNotStarted(f"it had not begun within {LONGEST_START_SECONDS:.0f} s; try again")
        if line == RebuildUnderWay().code:
            raise RebuildUnderWay
        if line != BEGUN:
            raise RebuildNotStarted(f"its process has ended ({line or 'without a word'}); the log says why")


def _heard(said: SimpleQueue[str]) -> str | None:
    """The first line; None when there is none in time."""
    try:
        return said.get(timeout=LONGEST_START_SECONDS)
    except Empty:
        return None if said.empty() else said.get()  # it may have been said while we came to wake up


def _watch(process: subprocess.Popen[str], said: SimpleQueue[str]) -> None:
    with process:
        assert process.stdout is not None, "it is a pipe"
        said.put(process.stdout.readline().strip())
        code = process.wait()
    log.info("rebuild.process_ended", pid=process.pid, code=code)
