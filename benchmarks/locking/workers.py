"""The worker processes of a strategy, and what can happen to them."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.locking.desk import Desk, Said
from benchmarks.locking.nursery import Nursery
from benchmarks.locking.reception import Reception, first_word
from benchmarks.locking.setup import Setup
from benchmarks.locking.worker import work

END_SECONDS = 10


class Workers:
    """Each has a thread here that hands it jobs from the desk."""

    def __init__(self, setup: Setup, desk: Desk, nursery: Nursery, home: Path) -> None:
        self._nursery = nursery
        self._setup = setup
        self._desk = desk
        self._reception = Reception(home / "workers.sock")
        self._names = (f"worker-{number}" for number in count(1))
        self._pids: dict[str, int] = {}
        self._threads: list[threading.Thread] = []
        self._crashed: list[str] = []

    def have(self, number: int) -> None:
        """As many as that; returns when those that were missing are ready to work. One that has ended by
        itself is no fault of the lab's."""
        assert not self._crashed, f"ended by themselves: {', '.join(self._crashed)}"
        missing = range(number - len(self._pids))
        for worker_id in [next(self._names) for _ in missing]:
            self._pids[worker_id] = self._nursery.start(work, self._reception.address, worker_id)
        lines = [self._reception.line_to("a worker") for _ in missing]
        for line in lines:
            line.send(self._setup)
        for line in lines:
            worker_id = first_word(line, "a worker")
            thread = threading.Thread(target=self._serve, args=(worker_id, line), daemon=True)
            thread.start()
            self._threads.append(thread)

    def kill9(self, worker_id: str) -> None:
        os.kill(self._pids.pop(worker_id), signal.SIGKILL)

    @contextmanager
    def frozen(self, worker_id: str) -> Iterator[None]:
        """While the block runs."""
        os.kill(self._pids[worker_id], signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._pids[worker_id], signal.SIGCONT)

    def close(self) -> None:
        """The desk is closed by now, so that each is told that it is over."""
        for thread in self._threads:
            thread.join(END_SECONDS)
        self._reception.close()

    def _serve(self, worker_id: str, line: "Connection[object, object]") -> None:
        with suppress(EOFError, OSError):  # it was killed
            while (delivery := self._desk.take(worker_id)) is not None:
                line.send(delivery)
                said = line.recv()
                assert isinstance(said, Said)
                self._desk.add_trips(said.trips)
                if said.description_id is not None:
                    self._desk.answer(worker_id, delivery, said.description_id)
                elif said.failure:
                    self._desk.failed(worker_id, delivery, said.failure)
                else:
                    self._desk.again(worker_id, delivery)
            line.send(None)
            line.recv()  # which ends when the process does
        if self._pids.pop(worker_id, None) is not None and not self._desk.is_closed:
            self._crashed.append(worker_id)
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
