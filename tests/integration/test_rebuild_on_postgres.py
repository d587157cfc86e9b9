"""A rebuild on PostgreSQL beside transactions of others that stay open."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import psycopg
import pytest

from application.errors import StoreUnavailable
from application.projections.projection import ViewName
from application.projector import Projector
from application.rebuild import RebuildFailed, RebuildUnderWay, rebuild
from domain.movie_generation import MovieGeneration
from infrastructure.postgres import schema, second_set
from infrastructure.postgres.columns import copied
from infrastructure.postgres.positions import ORDINAL_BITS
from infrastructure.postgres.second_set import PostgresSecondSet
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store, projections_of
from interfaces.rebuilding import rebuild as rebuild_as_told
from tests.golden.record import story
from tests.support.process import wait_until
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import follow, rebuilt, tables, views_of
from tests.support.servers import Postgres

_numbers = count(1)


@pytest.fixture
def url(postgres_server: Postgres) -> Iterator[str]:
    name = f"rebuilds_{next(_numbers)}"
    postgres_server.execute(f"CREATE DATABASE {name}")
    schema.create(postgres_server.url(name))
    yield postgres_server.url(name)
    postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_store(load_settings(store_url=url))) as store:
        yield store


@pytest.fixture(autouse=True)
def films(store: Store) -> RandomFilms:
    films = RandomFilms(7, films=4, save=lambda film: store.generations.save(film.movie))
    films.go_on(60)
    follow(store)
    return films


def append_slowly(session: psycopg.Connection, movie: MovieGeneration, store: Store) -> None:
    """The first event of a film, in a transaction that has not ended yet."""
    event = store.generations.mapper.to_stored_event(movie.collect_events()[0])
    session.execute(
        "INSERT INTO stored_events (originator_id, originator_version, topic, state, notification_id)"
        f" VALUES (%s, 1, %s, %s, ((pg_current_xact_id()::text::bigint) << {ORDINAL_BITS}) | 1)",
        (event.originator_id, event.topic, event.state),
    )


def test_a_batch_that_a_crash_has_taken_back_is_folded_once(store: Store, url: str) -> None:
    """Its commit had not waited for the disk, and its rows are not those of the batch before any more."""
    (movies,) = [one for one in projections_of(store) if one.view.name == ViewName.MOVIES]
    with second_set.second_sets(url, [movies.view]) as rows:
        assert isinstance(rows, PostgresSecondSet)
        copy, place = replace(movies, view=rows.of(movies.view)), rows.places[0]
        half = Projector(store.log, [copy], batch_size=store.log.count() // 2)
        with psycopg.connect(url, autocommit=True) as session:
            half.step()
            before = copy.view.position()
            session.execute(f"CREATE TABLE kept AS SELECT * FROM {place}")
            half.step()
            session.execute(f"TRUNCATE {place}")
            session.execute(f"INSERT INTO {place} SELECT * FROM kept")
            session.execute("UPDATE tracking SET position = %s WHERE view = %s", (before, place))

            while half.step():
                pass
            made, live = (
                session.execute(f"SELECT slug, descriptions::text FROM {table} ORDER BY slug").fetchall()
                for table in (place, "movies")
            )

    assert made == live


def test_views_that_take_longest_do_not_queue_with_the_others(store: Store, url: str) -> None:
    names = (ViewName.HISTORY, ViewName.MOVIES, ViewName.JOBS, ViewName.SPENDING)
    live = [one for one in projections_of(store) if one.view.name in names]
    with second_set.second_sets(url, [one.view for one in live]) as rows:
        copies = {one.view.name: replace(one, view=rows.of(one.view)) for one in live}
        (queue,) = {
            lock for copy in copies.values() for lock in cast(Any, copy.view)._turn if lock is not rows.turn
        }
        folding = [threading.Thread(target=Projector(store.log, [copy]).step) for copy in copies.values()]
        with queue:
            for thread in folding:
                thread.start()
            wait_until(
                lambda: all(copies[name].view.position() for name in (ViewName.HISTORY, ViewName.MOVIES)),
                "the two have not waited for the queue",
            )
            folded = {name for name, copy in copies.items() if copy.view.position()}
        for thread in folding:
            thread.join()

        assert folded == {ViewName.HISTORY, ViewName.MOVIES}
        assert all(copy.view.position() for copy in copies.values())


def test_an_event_that_is_committed_late_is_not_passed_over(
    store: Store, url: str, films: RandomFilms
) -> None:
    with psycopg.connect(url) as writer:
        append_slowly(writer, story().movie, store)
        films.go_on(20)
        seen = store.movies.position()

        rebuilt(store)
        assert store.movies.position() == seen < store.log.head(), "nothing behind it can be read yet"

    rebuilt(store)
    assert store.movies.position() == store.log.head()
    assert store.movies.get("amelie-2001") is not None
    after = views_of(store)
    follow(store)
    assert views_of(store) == after


def test_searches_meet_no_entries_that_wait_to_be_sorted(store: Store, url: str) -> None:
    """While rows are copied they gather in the inverted indices."""
    rebuilt(store)

    assert _gathered(url, "movies") == [(["fastupdate=off"], 0)] * 2


def test_what_a_batch_has_gathered_is_sorted_in_behind_its_transaction(store: Store, url: str) -> None:
    """And does not wait for one in which followers of the log, too, would have to wait for it."""
    (movies,) = (one for one in projections_of(store) if one.view is store.movies)
    with second_set.second_sets(url, [store.movies]) as sets:
        copy = replace(movies, view=sets.of(store.movies))

        assert Projector(store.log, [copy], batch_size=20).step() == 20

        (place,) = (table for table in tables(store) if table.startswith("movies_"))
        assert [pages for _, pages in _gathered(url, place)] == [0, 0]


def test_what_is_sorted_in_has_no_transaction_id(store: Store, url: str) -> None:
    """Which followers of the log would wait for."""
    with second_set.second_sets(url, [store.movies]), psycopg.connect(url) as session:
        (place,) = (table for table in tables(store) if table.startswith("movies_"))
        session.execute(f"INSERT INTO {place} SELECT * FROM movies")
        session.commit()

        assert sum(pages for _, pages in _gathered(url, place, session)) > 0

        assert session.execute("SELECT pg_current_xact_id_if_assigned()").fetchone() == (None,)


def test_a_reader_that_takes_long_is_waited_for_without_holding_up_the_others(store: Store, url: str) -> None:
    before = views_of(store)
    with psycopg.connect(url) as reader, psycopg.connect(url, autocommit=True) as other:
        other.execute("SET lock_timeout = '1s'")
        reader.execute("SELECT count(*) FROM movies")  # and keeps its lock
        rebuilding = threading.Thread(target=rebuilt, args=(store,))
        rebuilding.start()
        wait_until(lambda: _waits(url, "AccessExclusiveLock"), "the swap waits")
        for _ in range(20):
            other.execute("SELECT count(*) FROM movies")  # each try of the swap gives up soon
        assert rebuilding.is_alive()
    rebuilding.join()

    assert views_of(store) == before


def test_a_vacuum_is_waited_for(store: Store, url: str) -> None:
    """It holds this lock, and one that PostgreSQL has begun by itself ends when somebody waits a second."""
    before = views_of(store)
    with psycopg.connect(url) as vacuum:
        vacuum.execute("LOCK TABLE movies IN SHARE UPDATE EXCLUSIVE MODE")
        rebuilding = threading.Thread(target=rebuilt, args=(store,))
        rebuilding.start()
        wait_until(lambda: _waits(url, "ShareUpdateExclusiveLock"), "the swap waits")
        followed = store.movies.position()
        store.generations.save(story().movie)
        follow(store)
        assert store.movies.position() > followed, "nobody waits for the swap"
    rebuilding.join()

    assert len(views_of(store)["movies"]) == len(before["movies"]) + 1


def test_rows_are_put_into_words_before_the_transaction_that_writes_them(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which would stay open for as long as that takes."""
    writing: list[int] = []

    def look_and_copy(rows: Iterable[Sequence[Any]]) -> bytes:
        text = copied(rows)
        writing.append(_sessions_that_write(url))
        return text

    monkeypatch.setattr("infrastructure.postgres.view_table.copied", look_and_copy)
    monkeypatch.setattr("application.rebuild.BATCH_SIZE", 20)
    movies = [one for one in projections_of(store) if one.view is store.movies]

    rebuild(movies, log=store.log, second_sets=store.second_sets)

    assert set(writing) == {0}


def test_a_rebuild_gives_up_in_the_end_and_leaves_nothing(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, kept = views_of(store), tables(store)
    monkeypatch.setattr("application.rebuild.SWAP_SECONDS", 0.3)
    with psycopg.connect(url) as reader:
        reader.execute("SELECT count(*) FROM movies")

        with pytest.raises(RebuildFailed, match=r"'movies' view was not rebuilt.*in use all the time"):
            rebuilt(store)

    assert (views_of(store), tables(store)) == (before, kept)


def test_a_rebuild_whose_lock_is_lost_does_no_harm_to_the_next(store: Store, url: str) -> None:
    """Its session was ended by an operator, or by a broken network, and it does not know."""
    before, kept = views_of(store), tables(store)
    with (
        closing(open_store(load_settings(store_url=url))) as other,
        psycopg.connect(url, autocommit=True) as admin,
        second_set.second_sets(url, [store.movies]) as lost,
    ):
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks"
            " WHERE locktype = 'advisory' AND objid = hashtext('moviemind.rebuild')::oid"
        )
        with second_set.second_sets(url, [store.movies]) as next_one:
            with pytest.raises(RebuildUnderWay):
                lost.swap(store.movies)
            assert next_one.swap(store.movies) is False, "it is where it was, before the first event"
        rebuilt(other)

    assert (views_of(store), tables(store)) == (before, kept)


def _gathered(url: str, table: str, session: psycopg.Connection | None = None) -> list[tuple[list[str], int]]:
    """Of its inverted indices: their options, and how many pages were still to be sorted in."""
    with nullcontext(session) if session else psycopg.connect(url) as asked:
        return asked.execute(
            "SELECT reloptions, gin_clean_pending_list(pg_class.oid) FROM pg_class"
            " JOIN pg_index ON indexrelid = pg_class.oid JOIN pg_am ON pg_am.oid = relam"
            " WHERE indrelid = %s::regclass AND amname = 'gin'",
            (table,),
        ).fetchall()


def _sessions_that_write(url: str) -> int:
    with psycopg.connect(url) as session:
        row = session.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _waits(url: str, lock: str) -> bool:
    with psycopg.connect(url) as session:
        row = session.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = %s", (lock,)
        ).fetchone()
    return row is not None and row[0] > 0


def test_a_rebuild_is_done_only_where_a_crash_has_taken_no_swap_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is killed behind the first swap, before anything has waited for the disk."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        Path(home).chmod(0o755)
        server = Postgres(Path(home) / "postgres", "wal_writer_delay=10s")
        server.start()
        make_last, crashes = PostgresSecondSet._make_last, iter([server.kill9])

        def crash_before(second_set: PostgresSecondSet, *swapped: Any) -> None:
            for crash in crashes:
                crash()
                server.start()
            make_last(second_set, *swapped)

        monkeypatch.setattr(PostgresSecondSet, "_make_last", crash_before)
        try:
            schema.create(server.url())
            settings = load_settings(store_url=server.url())
            with closing(open_store(settings)) as store:
                films = RandomFilms(7, films=4, save=lambda film: store.generations.save(film.movie))
                films.go_on(60)
                follow(store)
                before = _tables_of_views(server)
                is_done = _is_done(settings, store)

            assert is_done is before.isdisjoint(_tables_of_views(server))
            assert next(crashes, None) is None
        finally:
            server.stop()


def _is_done(settings: Settings, store: Store) -> bool:
    try:
        rebuild_as_told(settings, store, [*ViewName])
    except (RebuildFailed, StoreUnavailable):
        return False
    return True


def _tables_of_views(server: Postgres) -> set[object]:
    """Their ids: a table of the same name is another one after a rebuild."""
    named = ", ".join(f"'{view}'" for view in ViewName)
    return {id_ for (id_,) in server.execute(f"SELECT oid FROM pg_class WHERE relname IN ({named})")}
