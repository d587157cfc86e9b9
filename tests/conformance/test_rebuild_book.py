"""What a rebuild tells of itself, on every store, and what is made of one that says nothing more."""

from contextlib import closing

import pytest

from application.errors import StoreUnavailable
from application.projections.projection import ViewName
from application.rebuild import RebuildFailed, RebuildUnderWay
from application.rebuild_book import SILENT_SECONDS, RebuildState, ToldRebuild
from domain.errors import MovieMindError
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store_beside
from interfaces.rebuilding import rebuild
from tests.support.process import wait_until
from tests.support.rebuilding import change, is_sqlite


def _newest(store: Store) -> ToldRebuild:
    told = store.rebuilds.newest()
    assert told is not None
    return told


def test_a_store_that_was_never_rebuilt_tells_of_none(store: Store) -> None:
    assert store.rebuilds.newest() is None


def test_one_that_runs_tells_how_far_it_is_to_every_process(store: Store, settings: Settings) -> None:
    rebuild_id = store.rebuilds.begin(["movies", "jobs"], of_events=60_000)
    begun = _newest(store)
    store.rebuilds.tell(rebuild_id, events=12_000)

    with closing(open_store_beside(settings)) as other:
        told = _newest(other)

    assert (begun.state, begun.events, begun.events_per_second) == (RebuildState.RUNS, 0, None)
    assert (told.state, told.events, told.of_events) == (RebuildState.RUNS, 12_000, 60_000)
    assert (told.views, told.started_at) == (["movies", "jobs"], begun.started_at)
    seconds = (told.told_at - told.started_at).total_seconds()
    assert told.events_per_second == pytest.approx(12_000 / seconds)


@pytest.mark.parametrize(("failure", "state"), [(None, RebuildState.DONE), ("an event", RebuildState.FAILED)])
def test_how_the_newest_ended_is_known_until_the_next_begins(
    store: Store, failure: str | None, state: RebuildState
) -> None:
    rebuild_id = store.rebuilds.begin(["movies"], of_events=4)
    store.rebuilds.end(rebuild_id, events=4, failure=failure)

    ended = _newest(store)
    assert (ended.state, ended.failure, ended.events) == (state, failure, 4)
    store.rebuilds.begin(["jobs"], of_events=4)
    assert (_newest(store).state, _newest(store).views) == (RebuildState.RUNS, ["jobs"])


def test_one_that_says_nothing_more_has_broken_off_unless_it_ended(store: Store) -> None:
    rebuild_id = store.rebuilds.begin(["movies"], of_events=4)
    long_ago = (
        "'2026-01-01T00:00:00.000000+00:00'"
        if is_sqlite(store)
        else f"told_at - interval '{SILENT_SECONDS + 1} s'"
    )
    change(store, f"UPDATE rebuilds SET told_at = {long_ago}")
    silent = _newest(store)
    store.rebuilds.end(rebuild_id, events=4)
    change(store, f"UPDATE rebuilds SET told_at = {long_ago}")

    assert silent.state is RebuildState.BROKEN_OFF
    assert _newest(store).state is RebuildState.DONE


def test_one_that_was_overtaken_tells_nothing_more(store: Store) -> None:
    overtaken = store.rebuilds.begin(["movies"], of_events=4)
    store.rebuilds.begin(["jobs"], of_events=4)

    store.rebuilds.tell(overtaken, events=4)
    store.rebuilds.end(overtaken, events=4, failure="it has lost its lock")

    assert (_newest(store).views, _newest(store).events, _newest(store).failure) == (["jobs"], 0, None)


@pytest.mark.usefixtures("films")
def test_a_rebuild_runs_from_when_it_has_the_lock_to_when_it_has_cleaned_up(
    store: Store, settings: Settings
) -> None:
    seen: list[RebuildState] = []

    def look(_events: int = 0) -> None:
        with closing(open_store_beside(settings)) as other, pytest.raises(RebuildUnderWay):
            rebuild(settings, other, ["jobs"])
        seen.append(_newest(store).state)

    rebuild(settings, store, [*ViewName], begun=look, progress=look)

    assert {*seen} == {RebuildState.RUNS}
    done = _newest(store)
    assert (done.state, done.views, done.failure) == (RebuildState.DONE, [*ViewName], None)
    assert done.events == done.of_events == store.log.count()


@pytest.mark.usefixtures("films")
def test_why_one_has_failed_is_told(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(store, "UPDATE movies SET title = 'Cold'")

    def lose_a_row(_events: int) -> None:
        place = _places(store)["movies"]
        wait_until(lambda: _position(store, place) > 0, "what was read is folded")
        change(store, f"DELETE FROM {place}")

    with pytest.raises(RebuildFailed):
        rebuild(settings, store, ["movies"], progress=lose_a_row)

    failed = _newest(store)
    assert failed.state is RebuildState.FAILED
    assert failed.failure is not None
    assert failed.failure.startswith("The 'movies' view was not rebuilt, the live one is as it was: ")


@pytest.mark.usefixtures("films")
def test_one_that_ends_by_an_error_that_nobody_foresaw_has_failed_at_once(
    store: Store, settings: Settings
) -> None:
    def fail(_events: int) -> None:
        raise ZeroDivisionError("by hand\nwith more below")

    with pytest.raises(ZeroDivisionError):
        rebuild(settings, store, ["movies"], progress=fail)

    failed = _newest(store)
    assert (failed.state, failed.failure) == (RebuildState.FAILED, "ZeroDivisionError: by hand")


def test_one_that_is_refused_says_nothing_of_itself(store: Store, settings: Settings) -> None:
    refused: list[MovieMindError] = []

    def begin_another() -> None:
        with closing(open_store_beside(settings)) as other, pytest.raises(RebuildUnderWay) as error:
            rebuild(settings, other, ["jobs"])
        refused.append(error.value)

    rebuild(settings, store, ["movies"], begun=begin_another)

    assert len(refused) == 1
    assert (_newest(store).views, _newest(store).state) == (["movies"], RebuildState.DONE)


def _position(store: Store, place: str) -> int:
    return store.movies._store.position(place)  # type: ignore[attr-defined, no-any-return]


def _places(store: Store) -> dict[str, str]:
    """Of second sets, by their views."""
    with store.movies._store.reading() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT view FROM tracking")
        names = [row["view"] for row in cursor.fetchall()]
    return {name.partition("_")[0]: name for name in names if "_" in name}


def test_one_whose_end_cannot_be_told_is_not_called_done(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the server is gone")

    monkeypatch.setattr(store.rebuilds, "end", away)

    with pytest.raises(StoreUnavailable, match="the server is gone"):
        rebuild(settings, store, [*ViewName])
