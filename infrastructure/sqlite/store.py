"""The embedded store, put together."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from infrastructure.sqlite import (
    dispatches,
    event_store,
    heartbeats,
    history_view,
    jobs_view,
    movies_view,
    spending_view,
)
from infrastructure.sqlite.api_keys import SqliteKeyBook
from infrastructure.sqlite.call_ledger import SqliteCallLedger
from infrastructure.sqlite.datastore import CONNECTIONS
from infrastructure.sqlite.kept_answers import SqliteAnswerBook
from infrastructure.sqlite.queue_switch import SqliteQueueSwitch
from infrastructure.sqlite.tallies import SqliteTallyBook
from infrastructure.sqlite.view_store import open_view_store
from infrastructure.store import Store

_VIEW_SCHEMAS = tuple(
    module.SCHEMA for module in (jobs_view, movies_view, history_view, spending_view, dispatches, heartbeats)
)


def open_sqlite_store(events: Path, views: Path, *, on_append: Callable[[], None]) -> Store:
    """Open the two files of a store, made if need be. Raises StoreNotUsable, SchemaTooNew."""
    log_epoch = event_store.prepare(events)
    generations = MovieGenerations(event_store.environment(events), on_append=on_append)
    log = EventLog(generations)
    beside_the_events = cast(event_store.EventStoreFactory, generations.factory).datastore
    view_store = open_view_store(views, log_epoch=log_epoch, log_head=log.head(), schemas=_VIEW_SCHEMAS)

    def close() -> None:
        generations.close()
        view_store.close()

    return Store(
        installation=log_epoch,
        connections=CONNECTIONS,
        generations=generations,
        log=log,
        log_epoch=lambda: log_epoch,
        jobs=jobs_view.SqliteJobsView(view_store),
        movies=movies_view.SqliteMoviesView(view_store),
        history=history_view.SqliteHistoryView(view_store),
        spending=spending_view.SqliteSpendingView(view_store),
        dispatches=dispatches.SqliteDispatches(view_store),
        heartbeats=heartbeats.SqliteHeartbeats(view_store),
        switch=SqliteQueueSwitch(beside_the_events),
        ledger=SqliteCallLedger(beside_the_events),
        tallies=SqliteTallyBook(beside_the_events),
        keys=SqliteKeyBook(beside_the_events),
        answers=SqliteAnswerBook(beside_the_events),
        probe=partial(event_store.probe, events),
        close=close,
    )
