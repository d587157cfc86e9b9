"""What a worker process does.

It is told the setup, makes its strategy, and then does one job after the other. One thread, so that a process
that is killed or frozen is one holder of a lock.
"""

from contextlib import closing
from importlib import import_module
from multiprocessing.connection import Client, Connection
from uuid import UUID

from benchmarks.locking.desk import Delivery, Said
from benchmarks.locking.paid_model import ModelClient
from benchmarks.locking.round_trips import count_round_trips, of_process
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Strategy, strategy_class
from infrastructure.choices import LogFormat, LogLevel
from infrastructure.logs import configure_logs


def work(address: str, worker_id: str) -> None:
    """Until the line to the address says that it is over."""
    configure_logs(LogLevel.ERROR, LogFormat.JSON)
    with Client(address, family="AF_UNIX") as line:
        setup: Setup = line.recv()
        if setup.before:
            module, _, function = setup.before.partition(":")
            getattr(import_module(module), function)()
        with closing(made(setup)) as strategy:
            strategy.start()
            model = ModelClient(setup.model_url, worker_id)
            line.send(worker_id)
            _do_jobs(line, strategy, model)


def made(setup: Setup) -> Strategy:
    """The strategy of a setup, in a process that counts round trips."""
    count_round_trips()
    return strategy_class(setup.strategy)(setup)


def _do_jobs(line: "Connection[object, object]", strategy: Strategy, model: ModelClient) -> None:
    while (delivery := line.recv()) is not None:
        assert isinstance(delivery, Delivery)
        before = of_process()  # what extends a lock is in a thread of its own
        description_id, failure = _tried(strategy, model, delivery)
        line.send(Said(description_id, failure, of_process() - before))


def _tried(strategy: Strategy, model: ModelClient, delivery: Delivery) -> tuple[UUID | None, str]:
    job = delivery.job
    try:
        return strategy.work(job, lambda: model.write(job)), ""
    except Exception as error:  # noqa: BLE001 - whatever it is, the try has failed, and the lab says why
        return None, f"{type(error).__name__}: {error}"
