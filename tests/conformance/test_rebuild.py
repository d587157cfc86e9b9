"""Views are rebuilt beside the live ones, which are read and followed meanwhile."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from application.errors import ViewNeedsRebuild, ViewTooNew
from application.read_models import JobSearch
from application.rebuild import RebuildFailed, RebuildUnderWay, SecondSet, rebuild
from application.view import View
from domain.values import JobStatus
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store_beside, projections_of
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import (
    NAMES,
    Meanwhile,
    change,
    everything,
    follow,
    is_sqlite,
    rebuilt,
    select,
    tables,
    views_of,
)


@pytest.mark.usefixtures("films")
def test_a_rebuild_makes_the_rows_that_following_made(store: Store) -> None:
    before, kept = views_of(store), tables(store)
    assert all(before.values())

    made = rebuilt(store)

    assert views_of(store) == before
    assert [one.view for one in made] == list(NAMES)
    assert [one.rows for one in made] == [len(before[name]) for name in NAMES]
    assert tables(store) == kept, "and leaves nothing"


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("times", [1, 3])
def test_what_was_wrong_in_a_view_is_right_after_it(store: Store, times: int) -> None:
    before = views_of(store)
    change(store, "UPDATE movies SET title = 'Wrong'", "DELETE FROM jobs", "DELETE FROM spending")

    for _ in range(times):
        rebuilt(store)

    assert views_of(store) == before
    follow(store)
    assert views_of(store) == before


@pytest.mark.usefixtures("films")
def test_one_view_is_rebuilt_and_the_others_are_left_alone(store: Store) -> None:
    before = everything(store)
    change(store, "DELETE FROM movies", "UPDATE history SET actor = 'nobody'")
    movies = projections_of(store)[0]

    rebuild([movies], log=store.log, second_sets=store.second_sets)

    assert views_of(store)["movies"] == before["movies"]
    assert {row["actor"] for row in everything(store)["history"]} == {"nobody"}


@pytest.mark.usefixtures("films")
def test_jobs_that_were_cancelled_or_failed_and_texts_that_were_withdrawn_are_there_afterwards(
    store: Store,
) -> None:
    def jobs(status: JobStatus) -> set[Any]:
        found = store.jobs.list(JobSearch(status=status), before=None, limit=1_000)
        return {job.job_id for job in found}

    ended = {status: jobs(status) for status in JobStatus}
    assert ended[JobStatus.CANCELLED]
    assert ended[JobStatus.FAILED]
    gone = (
        select(store, "SELECT slug FROM movies WHERE descriptions LIKE '%is_withdrawn\":true%'")
        if (is_sqlite(store))
        else select(store, "SELECT slug FROM movies WHERE descriptions::text LIKE '%is_withdrawn\":true%'")
    )
    assert gone

    change(store, "DELETE FROM jobs", "DELETE FROM movies")
    rebuilt(store)

    assert {status: jobs(status) for status in JobStatus} == ended


def test_a_log_without_events_is_rebuilt_too(store: Store) -> None:
    assert [(one.events, one.rows) for one in rebuilt(store)] == [(0, 0)] * len(NAMES)
    assert not any(views_of(store).values())


def test_events_that_come_meanwhile_are_in_it(store: Store, films: RandomFilms) -> None:
    """Whenever rows are about to take their place, the live views are further."""
    tries = count(1)

    def go_on(_: View[Any, Any]) -> None:
        if next(tries) <= 12:
            films.go_on(5)
            follow(store)

    rebuild(projections_of(store), log=store.log, second_sets=Meanwhile(store, go_on))

    assert next(tries) > len(NAMES) + 1, "it caught up, and tried again"
    follow(store)
    after = views_of(store)
    rebuilt(store)
    assert views_of(store) == after


def test_a_view_never_goes_back(store: Store, films: RandomFilms) -> None:
    """What a client has been shown stays, also where the rebuild has not seen it yet."""
    positions: list[int] = []

    def look(_: View[Any, Any]) -> None:
        positions.append(store.movies.position())
        films.go_on(3)
        follow(store)
        positions.append(store.movies.position())

    steps = iter([look] * 3)
    rebuild(
        projections_of(store),
        log=store.log,
        second_sets=Meanwhile(store, lambda view: next(steps, lambda _: None)(view)),
    )
    assert positions == sorted(positions)
    assert store.movies.position() >= positions[-1]


def test_nobody_who_reads_or_writes_meanwhile_meets_an_error(
    store: Store, settings: Settings, films: RandomFilms
) -> None:
    slugs = [row["slug"] for row in views_of(store)["movies"]]
    stopping, reads, errors = threading.Event(), count(1), list[Exception]()

    def read(slug: str) -> None:
        with closing(open_store_beside(settings)) as other:
            position = 0
            while not stopping.is_set():
                try:
                    assert other.movies.get(slug) is not None
                    assert other.history.of(slug, after=0, limit=5)
                    assert other.jobs.list(JobSearch(), before=None, limit=5)
                    assert position <= (position := other.movies.position())
                except Exception as error:  # noqa: BLE001 - told below
                    errors.append(error)
                    return
                next(reads)

    readers = [threading.Thread(target=read, args=(slug,)) for slug in slugs[:2]]
    for reader in readers:
        reader.start()
    for _ in range(4):
        films.go_on(10)
        follow(store)
        rebuilt(store)
    stopping.set()
    for reader in readers:
        reader.join()

    assert errors == []
    assert next(reads) > 50
    follow(store)
    after = views_of(store)
    rebuilt(store)
    assert views_of(store) == after


@pytest.mark.usefixtures("films")
def test_of_two_rebuilds_one_is_refused(store: Store, settings: Settings) -> None:
    before = views_of(store)
    refused: list[bool] = []

    def another(_: View[Any, Any]) -> None:
        with closing(open_store_beside(settings)) as other, pytest.raises(RebuildUnderWay):
            rebuilt(other)
        refused.append(True)

    rebuild(projections_of(store), log=store.log, second_sets=Meanwhile(store, another))

    assert refused
    assert views_of(store) == before


@pytest.mark.usefixtures("films")
def test_an_event_that_cannot_be_folded_ends_it_and_leaves_the_live_views(store: Store) -> None:
    before, kept = everything(store), tables(store)
    movies, *others = projections_of(store)

    def apply(recorded: Any, rows: Any) -> None:
        if recorded.version == 3:
            raise ZeroDivisionError("by hand")
        movies.apply(recorded, rows)

    with pytest.raises(RebuildFailed, match=r"'movies' view was not rebuilt.*ZeroDivisionError: by hand"):
        rebuild([replace(movies, apply=apply), *others], log=store.log, second_sets=store.second_sets)

    assert everything(store) == before
    assert tables(store) == kept


@pytest.mark.usefixtures("films")
def test_rows_that_are_lost_on_the_way_end_it(store: Store) -> None:
    before = views_of(store)

    @contextmanager
    def leaking(views: Sequence[View[Any, Any]]) -> Iterator[SecondSet]:
        with store.second_sets(views) as second_set:
            rows = second_set.complete

            def rows_but_one(view: View[Any, Any]) -> tuple[int, int]:
                place = second_set.of(view).place  # type: ignore[attr-defined]
                change(store, f"DELETE FROM {place} WHERE slug = (SELECT min(slug) FROM {place})")
                return rows(view)

            second_set.complete = rows_but_one  # type: ignore[method-assign]
            yield second_set

    with pytest.raises(RebuildFailed, match="8 rows were written, and 7 are there"):
        rebuild(projections_of(store), log=store.log, second_sets=leaking)
    assert views_of(store) == before


@pytest.mark.usefixtures("films")
def test_programs_fold_the_version_of_a_view_that_they_know(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old one folds until the new rows are there, the new one from then on."""
    before = views_of(store)
    new = projections_of(store)[0]
    monkeypatch.setattr(new.view, "version", 2)
    old = replace(new, view=type(store.movies)(store.movies._store))  # type: ignore[attr-defined, call-arg]
    batch = store.log.after(0, limit=1)
    here = store.movies.position()

    with pytest.raises(ViewNeedsRebuild, match="movies is of version 1, not 2; run: moviemind projections"):
        new.fold(batch, after=here)
    assert store.movies.status().needs_rebuild

    rebuild([new], log=store.log, second_sets=store.second_sets)

    assert not store.movies.status().needs_rebuild
    with pytest.raises(ViewTooNew, match="newer MovieMind has rebuilt the 'movies' view"):
        old.fold(batch, after=here)
    assert views_of(store) == before


EVENTS_AT_ONCE, NEVER = 60, 999
LAST_POINT = 32
"""The transactions of a rebuild with so many events at once: one drops what was left, six make tables,
eighteen fold, six swap, and the last drops what was replaced."""

_DIES = """
import os, signal, sys
from itertools import count
from contextlib import closing, contextmanager
from infrastructure.settings import load_settings
from interfaces.bootstrap import open_store_beside
from application import rebuild as rebuilding
from tests.conformance.test_rebuild import EVENTS_AT_ONCE
from tests.support.rebuilding import rebuilt

rebuilding.BATCH_SIZE = EVENTS_AT_ONCE
with closing(open_store_beside(load_settings())) as store:
    numbers = count(1)
    view_store = sys.modules[type(store.movies._store).__module__].ViewStore
    writing = view_store.writing

    @contextmanager
    def dying(self):
        with writing(self) as cursor:
            yield cursor
            if next(numbers) == int(sys.argv[1]):
                os.kill(os.getpid(), signal.SIGKILL)

    view_store.writing = dying
    rebuilt(store)
"""


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("point", [*range(1, LAST_POINT, 2), LAST_POINT, NEVER])
def test_a_rebuild_that_is_killed_leaves_the_views_whole_and_is_started_again(
    point: int, store: Store, settings: Settings
) -> None:
    change(store, "INSERT INTO dispatches SELECT job_id, 1, '1', created_at FROM jobs")
    before, kept = everything(store), tables(store)
    environment = {**os.environ, "MOVIEMIND_STORE_URL": settings.store_url.get_secret_value()}
    if not settings.is_on_postgres:
        environment["MOVIEMIND_DATA_DIR"] = str(settings.data_dir)

    child = subprocess.run(
        [sys.executable, "-c", _DIES, str(point)], env=environment, timeout=60, capture_output=True, text=True
    )
    assert child.returncode == (0 if point == NEVER else -signal.SIGKILL), child.stderr
    assert {name: rows for name, rows in everything(store).items() if name != "tracking"} == {
        name: rows for name, rows in before.items() if name != "tracking"
    }
    follow(store)

    rebuilt(store)
    assert views_of(store) == {name: rows for name, rows in before.items() if name in NAMES}
    assert everything(store)["dispatches"] == before["dispatches"]
    assert tables(store) == kept
