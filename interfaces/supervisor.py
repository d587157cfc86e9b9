"""Several processes that do the same, under one parent.

A pipe leads from the parent to each child. A byte through it asks the child to end in order; its end, which
comes however the parent dies, ends the child at once. So nothing is left behind by a `kill -9` of the
parent, and signals that a terminal or a service manager sends to the whole group do no harm.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from domain.errors import MovieMindError
from interfaces.stop_signal import StopSignal

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
STEADY_SECONDS = 60.0
"""A child that has lived so long does not fail at its start: the next one need not wait longer."""

LOOK_SECONDS = 0.1

log = structlog.get_logger()


@dataclass(slots=True)
class _Child:
    pid: int
    lifeline: int
    started_at: float


class Supervisor:
    """Runs `work` in child processes, each given a StopSignal, and starts those anew that end by themselves.

    Must be used before the process has threads: children are forked.
    """

    def __init__(self, work: Callable[[StopSignal], None], *, processes: int, grace_seconds: float) -> None:
        self._work = work
        self._processes = processes
        self._grace_seconds = grace_seconds
        self._children: dict[int, _Child] = {}
        self._pause = FIRST_PAUSE_SECONDS
        self._next_start_at = 0.0

    def run(self, stop: StopSignal) -> None:
        """Until the stop signal. Returns when no child is left."""
        while not stop.wait(LOOK_SECONDS):
            self._reap()
            while len(self._children) < self._processes and time.monotonic() >= self._next_start_at:
                self._start()
        self._end()

    def _start(self) -> None:
        theirs, ours = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or too many processes: the children there are go on
            os.close(theirs)
            os.close(ours)
            self._put_off_the_next(is_steady=False)
            log.error("process.not_started", reason=error.strerror)  # noqa: TRY400
            return
        if pid == 0:
            for sibling in self._children.values():
                os.close(sibling.lifeline)  # held by us too, it would outlive the parent
            os.close(ours)
            _be_a_child(self._work, theirs)
        os.close(theirs)
        self._children[pid] = _Child(pid, ours, time.monotonic())
        log.info("process.started", child=pid)

    def _reap(self) -> None:
        for child in list(self._children.values()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._forget(child)
                is_steady = time.monotonic() - child.started_at >= STEADY_SECONDS
                self._put_off_the_next(is_steady=is_steady)
                log.error("process.ended", child=pid, status=os.waitstatus_to_exitcode(status))

    def _put_off_the_next(self, *, is_steady: bool) -> None:
        self._pause = FIRST_PAUSE_SECONDS if is_steady else min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        self._next_start_at = time.monotonic() + self._pause

    def _end(self) -> None:
        for child in self._children.values():
            with suppress(BrokenPipeError):  # it has just died
                os.write(child.lifeline, b"\0")
        deadline = time.monotonic() + self._grace_seconds
        while self._children and time.monotonic() < deadline:
            for child in list(self._children.values()):
                if os.waitpid(child.pid, os.WNOHANG)[0]:
                    self._forget(child)
            time.sleep(LOOK_SECONDS)
        for child in list(self._children.values()):
            log.error("process.killed", child=child.pid, grace_seconds=self._grace_seconds)
            os.kill(child.pid, signal.SIGKILL)
            os.waitpid(child.pid, 0)
            self._forget(child)

    def _forget(self, child: _Child) -> None:
        os.close(child.lifeline)
        del self._children[child.pid]


def _be_a_child(work: Callable[[StopSignal], None], lifeline: int) -> None:
    """Never returns."""
    code = 1
    try:
        stop = StopSignal()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who tells us
        threading.Thread(target=_follow, args=(lifeline, stop), name="lifeline", daemon=True).start()
        work(stop)
        code = 0
    except MovieMindError as error:
        log.error("process.failed", reason=str(error))  # noqa: TRY400 - it says what to do, not where it was
    except Exception:
        log.exception("process.failed")
    finally:
        os._exit(code)


def _follow(lifeline: int, stop: StopSignal) -> None:
    while os.read(lifeline, 1):
        stop.send()
    os._exit(1)
