"""The embedded store, put together."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from infrastructure.sqlite import dispatches, event_store, heartbeats, rebuild_book
from infrastructure.sqlite.api_keys import SqliteKeyBook
from infrastructure.sqlite.call_ledger import SqliteCallLedger
from infrastructure.sqlite.datastore import CONNECTIONS
from infrastructure.sqlite.history_view import SqliteHistoryView
from infrastructure.sqlite.jobs_view import SqliteJobsView
from infrastructure.sqlite.kept_answers import SqliteAnswerBook
from infrastructure.sqlite.movies_view import SqliteMoviesView
from infrastructure.sqlite.queue_switch import SqliteQueueSwitch
from infrastructure.sqlite.second_set import second_sets
from infrastructure.sqlite.spending_view import SqliteSpendingView
from infrastructure.sqlite.tallies import SqliteTallyBook
from infrastructure.sqlite.texts_view import SqliteTextsView
from infrastructure.sqlite.throughput_view import SqliteThroughputView
from infrastructure.sqlite.tiles_view import SqliteTilesView
from infrastructure.sqlite.view_store import open_view_store, open_view_store_beside
from infrastructure.sqlite.view_table import SqliteView
from infrastructure.store import Store

_VIEWS: tuple[type[SqliteView[Any, Any]], ...] = (
    SqliteJobsView,
    SqliteMoviesView,
    SqliteHistoryView,
    SqliteSpendingView,
    SqliteTilesView,
    SqliteThroughputView,
    SqliteTextsView,
)
VERSIONS = {view.name: view.version for view in _VIEWS}
SCHEMAS = (
    *(view.table.schema.format(table=view.name) for view in _VIEWS),
    dispatches.SCHEMA,
    heartbeats.SCHEMA,
    rebuild_book.SCHEMA,
)


def open_sqlite_store(
    events: Path, views: Path, *, on_append: Callable[[], None], is_alone: bool = True
) -> Store:
    """Open the two files of a store. Whoever has it alone takes an older one to this version, and makes views
    anew that do not fit the events; others leave both as they are.

    Raises StoreNotUsable, SchemaTooNew.
    """
    log_epoch = event_store.prepare(events) if is_alone else event_store.epoch_beside(events)
    generations = MovieGenerations(event_store.environment(events), on_append=on_append)
    log = EventLog(generations)
    beside_the_events = cast(event_store.EventStoreFactory, generations.factory).datastore
    if is_alone:
        view_store = open_view_store(
            views, log_epoch=log_epoch, log_head=log.head(), schemas=SCHEMAS, versions=VERSIONS
        )
    else:
        view_store = open_view_store_beside(views)

    def close() -> None:
        generations.close()
        view_store.close()

    return Store(
        installation=log_epoch,
        connections=CONNECTIONS,
        generations=generations,
        log=log,
        log_epoch=lambda: log_epoch,
        jobs=SqliteJobsView(view_store),
        movies=SqliteMoviesView(view_store),
        history=SqliteHistoryView(view_store),
        spending=SqliteSpendingView(view_store),
        tiles=SqliteTilesView(view_store),
        throughput=SqliteThroughputView(view_store),
        texts=SqliteTextsView(view_store),
        dispatches=dispatches.SqliteDispatches(view_store),
        heartbeats=heartbeats.SqliteHeartbeats(view_store),
        switch=SqliteQueueSwitch(beside_the_events),
        ledger=SqliteCallLedger(beside_the_events),
        tallies=SqliteTallyBook(beside_the_events),
        keys=SqliteKeyBook(beside_the_events),
        answers=SqliteAnswerBook(beside_the_events),
        second_sets=partial(second_sets, view_store, views),
        rebuilds=rebuild_book.SqliteRebuildBook(view_store),
        probe=partial(event_store.probe, events),
        close=close,
    )
