"""How fast the library's own ProjectionRunner folds our views on PostgreSQL: what a rebuild is measured by.

It works as its documentation shows it: one event, one transaction, in which the tracking is recorded with
what the event changes. A runner runs one projection, so that all views need one each, side by side; or else
one folds them all in the same transaction, which its projection has to do by itself. The folds and the rows
are ours, so that all do the same work; the connections, the transaction and the tracking are the library's.
What is ours helps it too: events are read by our transcoder, our mapper and our recorder, 500 at once. As in
a rebuild, no commit waits for the disk. It is not charged for the start of a process, as the command is, nor
for making the runners, which have begun by then. All run in this process, as a rebuild does in one.
"""

import secrets
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg import Cursor
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import DictRow

from application.event_log import Recorded
from application.movie_generations import MovieGenerations
from application.projections import projection as ours
from application.projections.projection import ViewName
from domain.events import Event, MovieRegistered
from infrastructure.postgres import schema
from infrastructure.postgres.event_store import environment
from infrastructure.postgres.history_view import PostgresHistoryView
from infrastructure.postgres.jobs_view import PostgresJobsView
from infrastructure.postgres.movies_view import PostgresMoviesView
from infrastructure.postgres.spending_view import PostgresSpendingView
from infrastructure.postgres.texts_view import PostgresTextsView
from infrastructure.postgres.throughput_view import PostgresThroughputView
from infrastructure.postgres.view_store import ViewStore

LONGEST_SECONDS = 3_600


def runner_rate(url: str, *, events: int, shares: Sequence[Collection[ViewName]]) -> float:
    """Events per second until all runners, of which each folds a share of the views, have come from the first
    event of a log on PostgreSQL to the one of that number, which it must have.

    The rows go to a database of their own on the same server, which is dropped in the end.
    """
    with ExitStack() as stack:
        views = stack.enter_context(_database_beside(url))
        generations = stack.enter_context(MovieGenerations(environment(url)))
        last = generations.recorder.select_notifications(start=None, limit=events)[-1].id
        runners = [stack.enter_context(_runner(url, views, share)) for share in shares]
        started = time.perf_counter()
        for runner in runners:
            runner.wait(last, timeout=LONGEST_SECONDS)
        return events / (time.perf_counter() - started)


def _runner(url: str, views: str, share: Collection[ViewName]) -> ProjectionRunner[Any, Any]:
    """It makes its projection and its view itself, from classes alone, and calls their tables as these."""
    name = "_".join(share)
    return ProjectionRunner(
        application_class=MovieGenerations,
        projection_class=type(name, (Folding,), {"name": name}),
        view_class=type(name, (OurRows,), {"share": share}),
        env=environment(url) | _environment_of_the_library(views, name),
    )


class LentTransaction(ViewStore):
    """For views that write in a transaction of somebody else, who keeps their position too."""

    cursor: Cursor[DictRow]

    def __init__(self) -> None:
        """It has no connections of its own."""

    @contextmanager
    def folding(self, *_: Any, **__: Any) -> Iterator[Cursor[DictRow]]:
        yield self.cursor


class OurRows(PostgresTrackingRecorder):
    """What the library calls the view: the rows of some of ours."""

    share: Collection[ViewName]

    def __init__(self, datastore: PostgresDatastore, **more: Any) -> None:
        super().__init__(datastore, **more)
        self._lent = LentTransaction()
        self._projections = [
            one for one in _our_projections(self._lent) if ViewName(one.view.name) in self.share
        ]

    def fold(self, recorded: Recorded, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            self._lent.cursor = cursor
            for projection in self._projections:
                projection.fold([recorded], after=0)


class Folding(Projection[OurRows]):
    def __init__(self, view: OurRows) -> None:
        super().__init__(view)
        self._slugs: dict[UUID, str] = {}

    @singledispatchmethod
    def process_event(self, domain_event: Event, tracking: Tracking) -> None:
        stream: UUID = domain_event.originator_id
        if isinstance(domain_event, MovieRegistered):
            self._slugs[stream] = domain_event.slug
        self.view.fold(Recorded(tracking.notification_id, self._slugs[stream], domain_event), tracking)


def _our_projections(store: ViewStore) -> Sequence[ours.Projection[Any, Any]]:
    return ours.all_projections(
        movies=PostgresMoviesView(store),
        history=PostgresHistoryView(store),
        spending=PostgresSpendingView(store),
        throughput=PostgresThroughputView(store),
        texts=PostgresTextsView(store),
        jobs=PostgresJobsView(store),
    )


@contextmanager
def _database_beside(url: str) -> Iterator[str]:
    """One that has the tables of the views, on the server of another."""
    name = f"yardstick_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        try:
            beside = make_conninfo(url, dbname=name)
            schema.create(beside)
            yield beside
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _environment_of_the_library(url: str, name: str) -> dict[str, str]:
    """Its own configuration for its own datastore; the name before a variable says whose it is."""
    named = conninfo_to_dict(url)
    values = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": named["dbname"],
        "POSTGRES_HOST": named.get("host", "localhost"),
        "POSTGRES_PORT": named.get("port", 5432),
        "POSTGRES_USER": named.get("user", "postgres"),
        "POSTGRES_PASSWORD": named.get("password", ""),
    }
    return {f"{name.upper()}_{variable}": str(value) for variable, value in values.items()}
