"""The production store, put together: events and views in one database, each through a pool of its own."""

from functools import partial

from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from infrastructure.postgres import event_store, schema
from infrastructure.postgres.api_keys import PostgresKeyBook
from infrastructure.postgres.call_ledger import PostgresCallLedger
from infrastructure.postgres.datastore import CONNECTIONS, Datastore
from infrastructure.postgres.dispatches import PostgresDispatches
from infrastructure.postgres.heartbeats import PostgresHeartbeats
from infrastructure.postgres.history_view import PostgresHistoryView
from infrastructure.postgres.jobs_view import PostgresJobsView
from infrastructure.postgres.kept_answers import PostgresAnswerBook
from infrastructure.postgres.movies_view import PostgresMoviesView
from infrastructure.postgres.queue_switch import PostgresQueueSwitch
from infrastructure.postgres.rebuild_book import PostgresRebuildBook
from infrastructure.postgres.second_set import second_sets
from infrastructure.postgres.spending_view import PostgresSpendingView
from infrastructure.postgres.tallies import PostgresTallyBook
from infrastructure.postgres.texts_view import PostgresTextsView
from infrastructure.postgres.throughput_view import PostgresThroughputView
from infrastructure.postgres.tiles_view import PostgresTilesView
from infrastructure.postgres.view_store import ViewStore
from infrastructure.postgres.wake_ups import Bell
from infrastructure.store import Store


def open_postgres_store(url: str, *, folds: bool = True) -> Store:
    """Appends ring a bell for those who follow the log in any process. Who `folds` or reads views needs those
    of the version it knows.

    Raises StoreNotUsable, SchemaMissing, SchemaTooNew, ViewNeedsRebuild, ViewTooNew.
    """
    epoch = schema.check(url)
    if folds:
        schema.check_views(url)
    bell = Bell(url)
    generations = MovieGenerations(event_store.environment(url), on_append=bell.ring)
    datastore = Datastore(url)
    views = ViewStore(datastore)

    def close() -> None:
        bell.close()
        generations.close()
        datastore.close()

    return Store(
        installation=schema.installation(url),
        connections=CONNECTIONS,
        generations=generations,
        log=EventLog(generations),
        log_epoch=event_store.LogEpoch(datastore, epoch),
        jobs=PostgresJobsView(views),
        movies=PostgresMoviesView(views),
        history=PostgresHistoryView(views),
        spending=PostgresSpendingView(views),
        tiles=PostgresTilesView(views),
        throughput=PostgresThroughputView(views),
        texts=PostgresTextsView(views),
        dispatches=PostgresDispatches(views),
        heartbeats=PostgresHeartbeats(datastore),
        switch=PostgresQueueSwitch(datastore),
        ledger=PostgresCallLedger(datastore),
        tallies=PostgresTallyBook(datastore),
        keys=PostgresKeyBook(datastore),
        answers=PostgresAnswerBook(datastore),
        second_sets=partial(second_sets, url),
        rebuilds=PostgresRebuildBook(datastore),
        probe=event_store.Probe(datastore),
        close=close,
    )
