"""The worker processes of a strategy, and what can happen to them."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection, Listener
from pathlib import Path

from benchmarks.locking.desk import Desk, Said
from benchmarks.locking.nursery import Nursery
from benchmarks.locking.setup import Setup
from benchmarks.locking.worker import work

END_SECONDS = 10


class Workers:
    """Each has a thread here that hands it jobs from the desk."""

    def __init__(self, setup: Setup, desk: Desk, nursery: Nursery, home: Path) -> None:
        self._nursery = nursery
        self._setup = setup
        self._desk = desk
        self._socket = str(home / "workers.sock")
        self._listener = Listener(self._socket, family="AF_UNIX")
        self._names = (f"worker-{number}" for number in count(1))
        self._pids: dict[str, int] = {}
        self._threads: list[threading.Thread] = []

    def have(self, number: int) -> None:
        """As many as that; returns when those that were missing are ready to work."""
        missing = range(number - len(self._pids))
        for worker_id in [next(self._names) for _ in missing]:
            self._pids[worker_id] = self._nursery.start(work, self._socket, worker_id)
        lines = [self._listener.accept() for _ in missing]
        for line in lines:
            line.send(self._setup)
        for line in lines:
            worker_id = line.recv()
            thread = threading.Thread(target=self._serve, args=(worker_id, line), daemon=True)
            thread.start()
            self._threads.append(thread)

    def kill9(self, worker_id: str) -> None:
        os.kill(self._pids.pop(worker_id), signal.SIGKILL)

    def freeze(self, worker_id: str) -> None:
        os.kill(self._pids[worker_id], signal.SIGSTOP)

    def thaw(self, worker_id: str) -> None:
        os.kill(self._pids[worker_id], signal.SIGCONT)

    def close(self) -> None:
        """The desk is closed by now, so that each is told that it is over."""
        for thread in self._threads:
            thread.join(END_SECONDS)
        self._listener.close()

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
            line.recv()  # which ends when the process does
        self._pids.pop(worker_id, None)
        self._desk.gone(worker_id)
        line.close()


@contextmanager
def workers_of(setup: Setup, desk: Desk, nursery: Nursery, home: Path) -> Iterator[Workers]:
    workers = Workers(setup, desk, nursery, home)
    try:
        yield workers
    finally:
        desk.close()
        workers.close()
