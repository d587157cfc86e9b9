"""What a strategy needs running beside its workers, in a process of its own as where it is deployed."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path
from queue import Empty, SimpleQueue

from benchmarks.locking.desk import Desk
from benchmarks.locking.nursery import Nursery
from benchmarks.locking.reception import Reception, first_word
from benchmarks.locking.round_trips import Trips, of_process
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, strategy_class
from benchmarks.locking.worker import made
from infrastructure.choices import LogFormat, LogLevel
from infrastructure.logs import configure_logs

ANSWER_SECONDS = END_SECONDS = 30
_TRIPS = "how many round trips so far?"


def keep(address: str, _name: str) -> None:
    """In the process: until the line to the address says that it is over. Tells its round trips if asked."""
    configure_logs(LogLevel.ERROR, LogFormat.JSON)
    with Client(address, family="AF_UNIX") as line:
        setup: Setup = line.recv()
        sending = threading.Lock()

        def put(job: Job, attempt: int) -> None:
            with sending:
                line.send((job, attempt))

        with closing(made(setup)) as strategy, strategy.upkeep(put):
            with sending:
                line.send(None)
            while line.recv() == _TRIPS:
                with sending:
                    line.send(of_process())


@contextmanager
def upkeep_of(setup: Setup, desk: Desk, nursery: Nursery, home: Path) -> Iterator[Callable[[], Trips]]:
    """In the lab: what the process puts into the queue goes to the desk while the block runs. Yields what
    asks for its round trips."""
    if not strategy_class(setup.strategy).has_upkeep:
        yield lambda: Trips()
        return
    who, trips = f"the upkeep of {setup.strategy}", SimpleQueue[Trips]()
    with closing(Reception(home / "upkeep.sock")) as reception:
        nursery.start(keep, reception.address, "upkeep")
        with reception.line_to(who) as line:
            line.send(setup)
            first_word(line, who)
            thread = threading.Thread(target=_serve, args=(line, desk, trips), daemon=True)
            thread.start()

            def asked() -> Trips:
                line.send(_TRIPS)
                try:
                    return trips.get(timeout=ANSWER_SECONDS)
                except Empty:
                    raise AssertionError(f"{who} does not answer") from None

            try:
                yield asked
            finally:
                line.send(None)
                thread.join(END_SECONDS)


def _serve(line: "Connection[object, object]", desk: Desk, trips: SimpleQueue[Trips]) -> None:
    """Until the process has ended."""
    with suppress(EOFError, OSError):
        while True:
            match line.recv():
                case Trips() as told:
                    trips.put(told)
                case (Job() as job, int(attempt)):
                    desk.put(job, attempt)
