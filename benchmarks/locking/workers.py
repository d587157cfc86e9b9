"""The worker processes of a strategy, and what can happen to them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from benchmarks.locking.desk import Desk, Said
from benchmarks.locking.setup import Setup
from tests.support.process import die_with_parent

ROOT = Path(__file__).parents[2]
END_SECONDS = 10


class Workers:
    """Each has a thread here that hands it jobs from the desk."""

    def __init__(self, setup: Setup, desk: Desk, home: Path) -> None:
        self._setup = setup
        self._desk = desk
        self._socket = str(home / "workers.sock")
        self._listener = Listener(self._socket, family="AF_UNIX")
        self._names = (f"worker-{number}" for number in count(1))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._threads: list[threading.Thread] = []

    def have(self, number: int) -> None:
        """As many as that; returns when those that were missing are ready to work."""
        missing = number - len(self._processes)
        started = [self._start() for _ in range(missing)]
        lines = [self._listener.accept() for _ in started]
        for line in lines:
            line.send(self._setup)
        for line in lines:
            worker_id = line.recv()
            thread = threading.Thread(target=self._serve, args=(worker_id, line), daemon=True)
            thread.start()
            self._threads.append(thread)

    def kill9(self, worker_id: str) -> None:
        process = self._processes.pop(worker_id)
        process.kill()
        process.wait()

    def freeze(self, worker_id: str) -> None:
        os.kill(self._processes[worker_id].pid, signal.SIGSTOP)

    def thaw(self, worker_id: str) -> None:
        os.kill(self._processes[worker_id].pid, signal.SIGCONT)

    def close(self) -> None:
        """The desk is closed by now, so that each is told that it is over."""
        for thread in self._threads:
            thread.join(END_SECONDS)
        for process in self._processes.values():
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._listener.close()

    def _start(self) -> str:
        worker_id = next(self._names)
        self._processes[worker_id] = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.locking.worker", self._socket, worker_id],
            cwd=ROOT,
            process_group=0,  # Ctrl-C is for the lab, which ends them
            preexec_fn=die_with_parent,
        )
        return worker_id

    def _serve(self, worker_id: str, line: "Connection[object, object]") -> None:
        with suppress(EOFError, OSError):  # it was killed
            while (delivery := self._desk.take(worker_id)) is not None:
                line.send(delivery)
                said = line.recv()
                assert isinstance(said, Said)
                self._desk.add(said.trips)
                if said.description_id is not None:
                    self._desk.answer(worker_id, delivery, said.description_id)
                elif said.failure:
                    self._desk.failed(worker_id, delivery, said.failure)
                else:
                    self._desk.again(worker_id, delivery)
            line.send(None)
        self._desk.gone(worker_id)
        line.close()


@contextmanager
def workers_of(setup: Setup, desk: Desk, home: Path) -> Iterator[Workers]:
    workers = Workers(setup, desk, home)
    try:
        yield workers
    finally:
        desk.close()
        workers.close()
