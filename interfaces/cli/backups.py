"""`moviemind backup` and `moviemind restore`: the events, out of a store and into an empty one."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from application.event_log import LogRecorder
from infrastructure.backup import check_backup, restore_backup, write_backup
from infrastructure.errors import StoreInUse
from infrastructure.postgres import schema
from infrastructure.postgres.datastore import Datastore
from infrastructure.postgres.failures import place
from infrastructure.postgres.leader import PING_SECONDS, LeaderLock
from infrastructure.postgres.recorder import TransactionOrderedRecorder
from infrastructure.settings import Settings, load_settings
from infrastructure.sqlite import event_store
from infrastructure.store_lock import StoreLock
from interfaces.cli.options import DataDir
from interfaces.cli.output import progress, say
from interfaces.loops import Loop, running

Directory = Annotated[Path, typer.Argument(help="The directory of the backup.", show_default=False)]


def backup(directory: Directory, data_dir: DataDir = None) -> None:
    """Copy all events into a new directory. The service may go on meanwhile."""
    settings = load_settings(data_dir=data_dir)
    with ExitStack() as stack:
        recorder, log_epoch = stack.enter_context(_to_read(settings))
        bar = stack.enter_context(progress())
        task = bar.add_task("events", total=None)
        manifest = write_backup(
            directory, recorder, log_epoch=log_epoch, progress=lambda done: bar.advance(task, done)
        )
    say(f"{manifest.events} events are in {directory}.")


def restore(directory: Directory, data_dir: DataDir = None) -> None:
    """Put the events of a backup into an empty store, which then makes everything else from them.

    One that was cut short goes on where it stopped.
    """
    settings = load_settings(data_dir=data_dir)
    manifest = check_backup(directory)
    with _to_write(settings) as recorder, progress() as bar:
        task = bar.add_task("events", total=manifest.events)
        appended = restore_backup(directory, recorder, progress=lambda done: bar.advance(task, done))
    say(f"{manifest.events} events are restored, {appended} of them now.")


@contextmanager
def _to_read(settings: Settings) -> Iterator[tuple[LogRecorder, str]]:
    """Raises StoreNotUsable, SchemaMissing, SchemaTooNew."""
    if settings.is_on_postgres:
        log_epoch = schema.check(settings.store_address)
        with _postgres(settings) as recorder:
            yield recorder, log_epoch
        return
    path = settings.event_store_path
    log_epoch = event_store.epoch_beside(path, oldest=event_store.OLDEST_WITH_SUCH_EVENTS)
    with _sqlite(path) as recorder:
        yield recorder, log_epoch


@contextmanager
def _to_write(settings: Settings) -> Iterator[LogRecorder]:
    """Raises StoreInUse, DirectoryNotUsable, StoreNotUsable, SchemaMissing, SchemaTooNew."""
    if settings.is_on_postgres:
        schema.check(settings.store_address)
        with _leading(settings.store_address), _postgres(settings) as recorder:
            yield recorder
        return
    path = settings.event_store_path
    with StoreLock(path):
        event_store.prepare(path)
        with _sqlite(path) as recorder:
            yield recorder


@contextmanager
def _leading(url: str) -> Iterator[None]:
    """Nobody else folds, dispatches or rescues: half a log would have finished jobs written again.

    Raises StoreInUse.
    """
    with LeaderLock(url) as lock:
        if not lock.is_held():
            raise StoreInUse(place(url), "led by a projector")
        with running([Loop("leader", lock.is_held, every_seconds=PING_SECONDS)]):
            yield


@contextmanager
def _postgres(settings: Settings) -> Iterator[LogRecorder]:
    datastore = Datastore(settings.store_address)
    try:
        yield TransactionOrderedRecorder(datastore)
    finally:
        datastore.close()


@contextmanager
def _sqlite(path: Path) -> Iterator[LogRecorder]:
    factory = event_store.EventStoreFactory(event_store.environment(path))
    try:
        yield factory.application_recorder()
    finally:
        factory.close()
