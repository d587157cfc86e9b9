"""What a strategy needs running beside its workers, in a process of its own as where it is deployed."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path

from benchmarks.locking.desk import Desk
from benchmarks.locking.nursery import Nursery
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, strategy_class
from infrastructure.choices import LogFormat, LogLevel
from infrastructure.logs import configure_logs

START_SECONDS = END_SECONDS = 30


def keep(address: str, _name: str) -> None:
    """In the process: until the line to the address says that it is over."""
    configure_logs(LogLevel.ERROR, LogFormat.JSON)
    with Client(address, family="AF_UNIX") as line:
        setup: Setup = line.recv()
        sending = threading.Lock()

        def put(job: Job, attempt: int) -> None:
            with sending:
                line.send((job, attempt))

        with closing(strategy_class(setup.strategy)(setup)) as strategy, strategy.upkeep(put):
            with sending:
                line.send(None)
            line.recv()


@contextmanager
def upkeep_of(setup: Setup, desk: Desk, nursery: Nursery, home: Path) -> Iterator[None]:
    """In the lab: what the process puts into the queue goes to the desk while the block runs."""
    if not strategy_class(setup.strategy).has_upkeep:
        yield
        return
    address, runs = str(home / "upkeep.sock"), threading.Event()
    with Listener(address, family="AF_UNIX") as listener:
        nursery.start(keep, address, "upkeep")
        with listener.accept() as line:
            line.send(setup)
            thread = threading.Thread(target=_serve, args=(line, desk, runs), daemon=True)
            thread.start()
            assert runs.wait(START_SECONDS), f"the upkeep of {setup.strategy} does not run"
            try:
                yield
            finally:
                line.send(None)
                thread.join(END_SECONDS)


def _serve(line: "Connection[object, object]", desk: Desk, runs: threading.Event) -> None:
    """Until the process has ended."""
    with suppress(EOFError, OSError):
        while True:
            match line.recv():
                case None:
                    runs.set()
                case (Job() as job, int(attempt)):
                    desk.put(job, attempt)
