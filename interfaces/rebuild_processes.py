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

log = structlog.get_logger()


@dataclass(eq=False)
class RebuildNotStarted(MovieMindError):
    """No rebuild was started, and the views are as they were: {reason}."""

    reason: str


class RebuildProcesses:
    """Safe to use from any number of threads."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        """`settings` are variables that make a process use the same store."""
        self._settings = settings
        self._running: set[subprocess.Popen[str]] = set()

    def start(self, views: Collection[str]) -> None:
        """Returns when views of these names are being rebuilt. Raises RebuildUnderWay, RebuildNotStarted."""
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "interfaces.rebuilder", *views],
                env={**os.environ, **self._settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise RebuildNotStarted(error.strerror or str(error)) from error
        self._running.add(process)
        said: SimpleQueue[str] = SimpleQueue()
        threading.Thread(target=self._watch, args=(process, said), name="rebuild", daemon=True).start()
        try:
            line = said.get(timeout=LONGEST_START_SECONDS)
        except Empty:
            process.kill()
            raise RebuildNotStarted(
                f"it had not begun within {LONGEST_START_SECONDS:.0f} s; try again"
            ) from None
        if line == RebuildUnderWay().code:
            raise RebuildUnderWay
        if line != BEGUN:
            raise RebuildNotStarted(f"its process has ended ({line or 'without a word'}); the log says why")

    def close(self) -> None:
        """End those that run; the views in use are as they were then."""
        for process in list(self._running):
            process.kill()
            process.wait()

    def _watch(self, process: subprocess.Popen[str], said: SimpleQueue[str]) -> None:
        with process:
            assert process.stdout is not None, "it is a pipe"
            said.put(process.stdout.readline().strip())
            code = process.wait()
        self._running.discard(process)
        log.info("rebuild.process_ended", pid=process.pid, code=code)
