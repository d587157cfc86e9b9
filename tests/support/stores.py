"""Views on every store there is, made anew for each test and folded from whatever log it has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from application.dispatching import Dispatches
from application.event_log import EventLog
from application.projections.projection import Projection, all_projections
from application.projector import Projector
from application.read_models import HistoryView, JobsView, MoviesView
from application.spending import SpendingView
from application.texts import TextsView
from application.throughput import ThroughputView
from infrastructure.postgres import datastore as postgres
from infrastructure.postgres import dispatches as postgres_dispatches
from infrastructure.postgres import history_view as postgres_history
from infrastructure.postgres import jobs_view as postgres_jobs
from infrastructure.postgres import movies_view as postgres_movies
from infrastructure.postgres import schema
from infrastructure.postgres import spending_view as postgres_spending
from infrastructure.postgres import texts_view as postgres_texts
from infrastructure.postgres import throughput_view as postgres_throughput
from infrastructure.postgres import view_store as postgres_views
from infrastructure.sqlite import dispatches as sqlite_dispatches
from infrastructure.sqlite import history_view as sqlite_history
from infrastructure.sqlite import jobs_view as sqlite_jobs
from infrastructure.sqlite import movies_view as sqlite_movies
from infrastructure.sqlite import spending_view as sqlite_spending
from infrastructure.sqlite import store as sqlite
from infrastructure.sqlite import texts_view as sqlite_texts
from infrastructure.sqlite import throughput_view as sqlite_throughput
from infrastructure.sqlite import view_store as sqlite_views
from tests.support.servers import Postgres

DIALECTS = ("sqlite", "postgresql")
TABLES = ("jobs", "movies", "history", "spending", "texts", "throughput", "dispatches", "tracking")


@dataclass(frozen=True)
class Views:
    store: sqlite_views.ViewStore | postgres_views.ViewStore
    jobs: JobsView
    movies: MoviesView
    history: HistoryView
    spending: SpendingView
    throughput: ThroughputView
    texts: TextsView
    dispatches: Dispatches
    beside: Callable[[], "Views"]
    """The same ones, as another process opens them."""
    close: Callable[[], None]

    def projections(self) -> list[Projection[Any, Any]]:
        return all_projections(
            movies=self.movies,
            history=self.history,
            spending=self.spending,
            throughput=self.throughput,
            texts=self.texts,
            jobs=self.jobs,
        )

    def follow(self, log: EventLog) -> None:
        """Fold all there is."""
        projector = Projector(log, self.projections())
        while projector.step():
            pass

    def rows(self) -> dict[str, list[Any]]:
        """Everything in the tables, as another connection sees it."""
        with self.store.reading() as cursor:
            return {table: _rows(cursor, table) for table in TABLES}


OpenViews = Callable[[], Views]
"""Makes views that have followed nothing yet."""


class SqliteViews:
    """Views in files of a directory."""

    def __init__(self, directory: Path) -> None:
        self._files = (directory / f"views-{number}.db" for number in count(1))

    def open(self) -> Views:
        file = next(self._files)
        sqlite_views.open_view_store(
            file, log_epoch="epoch", log_head=0, schemas=sqlite.SCHEMAS, versions=sqlite.VERSIONS
        ).close()
        return self._open(file)

    def _open(self, file: Path) -> Views:
        store = sqlite_views.ViewStore(file)
        return Views(
            store=store,
            jobs=sqlite_jobs.SqliteJobsView(store),
            movies=sqlite_movies.SqliteMoviesView(store),
            history=sqlite_history.SqliteHistoryView(store),
            spending=sqlite_spending.SqliteSpendingView(store),
            throughput=sqlite_throughput.SqliteThroughputView(store),
            texts=sqlite_texts.SqliteTextsView(store),
            dispatches=sqlite_dispatches.SqliteDispatches(store),
            beside=lambda: self._open(file),
            close=store.close,
        )


class PostgresViews:
    """Views in databases of a server, each a copy of one that has the tables. Its habits are not ours."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._names = (f"views_{number}" for number in count(1))
        server.execute("CREATE DATABASE views")
        schema.create(server.url("views"))

    def open(self) -> Views:
        name = next(self._names)
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE views")
        for foreign in ("timezone = 'Asia/Kathmandu'", "datestyle = 'German'"):
            self._server.execute(f"ALTER DATABASE {name} SET {foreign}")
        views = self._open(name)

        def close() -> None:
            views.close()
            self._server.execute(f"DROP DATABASE {name} WITH (FORCE)")

        return replace(views, close=close)

    def _open(self, name: str) -> Views:
        datastore = postgres.Datastore(self._server.url(name), connections=4)
        store = postgres_views.ViewStore(datastore)
        return Views(
            store=store,
            jobs=postgres_jobs.PostgresJobsView(store),
            movies=postgres_movies.PostgresMoviesView(store),
            history=postgres_history.PostgresHistoryView(store),
            spending=postgres_spending.PostgresSpendingView(store),
            throughput=postgres_throughput.PostgresThroughputView(store),
            texts=postgres_texts.PostgresTextsView(store),
            dispatches=postgres_dispatches.PostgresDispatches(store),
            beside=lambda: self._open(name),
            close=datastore.close,
        )


def _rows(cursor: Any, table: str) -> list[Any]:
    cursor.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
    return [dict(row) for row in cursor.fetchall()]
