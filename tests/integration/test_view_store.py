"""The view file can be lost at any time: it is folded again from the log, to the same rows."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.commands.request_generation import RequestGeneration, request_generation
from application.view import View
from domain.values import ContextTag, Locale
from infrastructure.errors import SchemaTooNew, StoreNotUsable
from infrastructure.settings import load_settings
from infrastructure.sqlite import event_store, view_store
from infrastructure.store import Store
from interfaces.bootstrap import build_projector, build_run, open_store
from tests.support.core import CLIENT, FakeWriter

VIEWS = ("jobs", "movies", "history", "spending", "texts", "throughput")
Rows = dict[str, list[Any]]


def _views(store: Store) -> list[View[Any, Any]]:
    return [getattr(store, name) for name in VIEWS]


class _World:
    """A data directory, and the stores that are opened in it, one after the other."""

    def __init__(self, directory: Path) -> None:
        self.settings = load_settings(data_dir=directory, store_url="")
        self.views, self.log = self.settings.view_store_path, self.settings.event_store_path
        self._opened: list[Store] = []

    def open(self) -> Store:
        self._opened.append(open_store(self.settings))
        return self._opened[-1]

    def rows(self) -> Rows:
        """Everything that can be folded, and how far it is, as another process sees it."""
        queries = {view: f"SELECT * FROM {view} ORDER BY 1, 2" for view in VIEWS}
        queries["positions"] = "SELECT view, position FROM tracking ORDER BY 1"
        with closing(sqlite3.connect(self.views)) as views:
            return {name: views.execute(query).fetchall() for name, query in queries.items()}

    def close(self) -> None:
        for store in self._opened:
            store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[_World]:
    world = _World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def folded(world: _World) -> Rows:
    """What the views hold of some films in several states; the store that wrote them is closed."""
    store = world.open()
    _generate(store, "heat-1995")
    _generate(store, "amelie-2001", locale=Locale.FR_FR, context_tag=ContextTag.HUMOROUS)
    _request(store, "alien-1979")
    _fold(store)
    store.close()
    rows = world.rows()
    assert all(rows[view] for view in VIEWS)
    return rows


def _request(store: Store, slug: str, **more: Any) -> Any:
    tags = (more.pop("context_tag", ContextTag.DEFAULT),)
    command = RequestGeneration(slug=slug, by=CLIENT, context_tags=tags, **more)
    return request_generation(command, generations=store.generations).requested[0].job_id


def _generate(store: Store, slug: str, **more: Any) -> None:
    run = build_run(load_settings(), store, FakeWriter(), worker_id="worker", stopping=threading.Event())
    run(slug, _request(store, slug, **more))


def _fold(store: Store) -> None:
    projector = build_projector(store)
    while projector.step():
        pass


def _change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _lose_all_but_the_journal(views: Path) -> None:
    """As a crash and a careless hand leave it."""
    journal = views.with_name(views.name + "-wal")
    with closing(sqlite3.connect(views)) as connection:
        connection.execute("UPDATE movies SET title = 'Stale'")
        connection.commit()
        stale = journal.read_bytes()
    assert stale
    views.unlink()
    journal.write_bytes(stale)


def _take_from_another_version(views: Path) -> None:
    _change(views, f"PRAGMA user_version={view_store.SCHEMA_VERSION + 1}", "DROP TABLE movies")


RUINED: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "missing beside its journal": _lose_all_but_the_journal,
    "garbage": lambda views: views.write_bytes(b"this is no database\n" * 1000),
    "empty": lambda views: views.write_bytes(b""),
    "of another log": lambda views: _change(views, "UPDATE sources SET log_epoch = 'another'"),
    "of another schema version": _take_from_another_version,
    "without the table that says whose it is": lambda views: _change(views, "DROP TABLE sources"),
}


@pytest.mark.parametrize("ruin", RUINED.values(), ids=RUINED.keys())
def test_views_that_cannot_be_used_are_made_anew_with_the_same_rows(
    ruin: Callable[[Path], object], folded: Rows, world: _World
) -> None:
    ruin(world.views)

    store = world.open()
    assert {view.position() for view in _views(store)} == {0}
    _fold(store)

    assert world.rows() == folded


def test_views_of_this_log_are_kept_and_followed_from_where_they_are(folded: Rows, world: _World) -> None:
    _change(world.views, "UPDATE movies SET title = 'Kept' WHERE slug = 'heat-1995'")

    store = world.open()
    _fold(store)

    movie = store.movies.get("heat-1995")
    assert movie is not None
    assert movie.title == "Kept"
    assert world.rows()["positions"] == folded["positions"]


def test_who_sees_that_a_job_is_done_finds_its_text_and_its_cost_in_the_other_views(
    world: _World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.open()
    others, fold_jobs = _views(store)[1:], store.jobs.writing
    reached: list[set[int]] = []

    def watched(keys: Collection[UUID], *, after: int, up_to: int) -> Any:
        reached.append({view.position() - up_to for view in others})
        return fold_jobs(keys, after=after, up_to=up_to)

    monkeypatch.setattr(store.jobs, "writing", watched)
    _generate(store, "heat-1995")
    _fold(store)

    assert reached == [{0}]


def test_views_beyond_the_end_of_the_log_are_folded_again(folded: Rows, world: _World) -> None:
    """An older copy of the log was put back under them."""
    older = world.log.read_bytes()
    store = world.open()
    _generate(store, "brazil-1985")
    _fold(store)
    store.close()
    for file in world.log.parent.glob(world.log.name + "*"):
        file.unlink()
    world.log.write_bytes(older)

    _fold(world.open())

    assert world.rows() == folded


def test_a_directory_in_the_place_of_the_views_is_a_clear_error(world: _World) -> None:
    world.views.mkdir(parents=True)

    with pytest.raises(StoreNotUsable, match=r"moviemind-views\.db cannot be opened"):
        world.open()


def test_views_of_a_log_that_is_gone_are_gone_too(folded: Rows, world: _World) -> None:
    world.log.unlink()

    _fold(world.open())

    assert [world.rows()[view] for view in VIEWS] == [[]] * len(VIEWS)


def test_an_event_store_of_a_newer_version_is_refused(folded: Rows, world: _World) -> None:
    newer = event_store.SCHEMA_VERSION + 1
    _change(world.log, f"PRAGMA user_version={newer}")

    with pytest.raises(SchemaTooNew, match=rf"schema {newer}, .*; upgrade MovieMind"):
        open_store(world.settings)

    assert world.rows() == folded, "nothing was touched"


def test_an_event_store_that_is_none_is_refused_and_left_alone(world: _World) -> None:
    garbage = b"somebody's letters\n" * 1000
    world.log.write_bytes(garbage)

    with pytest.raises(StoreNotUsable) as refused:
        open_store(world.settings)

    assert str(world.log) in str(refused.value)
    assert world.log.read_bytes() == garbage


def test_an_event_store_in_a_directory_that_is_missing_is_refused(tmp_path: Path) -> None:
    settings = load_settings(store_url=f"sqlite:///{tmp_path}/missing/films.db")

    with pytest.raises(StoreNotUsable, match=r"missing/films\.db cannot be opened"):
        open_store(settings)
