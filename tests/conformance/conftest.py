"""What everything that fills a role must do, whatever it is made of."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path

import pytest

from infrastructure.postgres import schema
from infrastructure.settings import Settings, load_settings
from infrastructure.store import Store
from interfaces.bootstrap import open_store
from tests.support.random_films import RandomFilms
from tests.support.rebuilding import follow
from tests.support.servers import Postgres
from tests.support.stores import DIALECTS, OpenViews, PostgresViews, SqliteViews, Views

_numbers = count(1)


@pytest.fixture(params=DIALECTS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Of an empty store of each kind."""
    if request.param == "sqlite":
        yield load_settings(data_dir=tmp_path)
        return
    server: Postgres = request.getfixturevalue("postgres_server")
    name = f"empty_{next(_numbers)}"
    server.execute(f"CREATE DATABASE {name}")
    schema.create(server.url(name))
    yield load_settings(store_url=server.url(name))
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_views(postgres_server: Postgres) -> PostgresViews:
    return PostgresViews(postgres_server)


@pytest.fixture(params=DIALECTS)
def open_views(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenViews]:
    """On each store in turn."""
    is_sqlite = request.param == "sqlite"
    stores = SqliteViews(tmp_path) if is_sqlite else request.getfixturevalue("postgres_views")
    with ExitStack() as opened:
        yield lambda: opened.enter_context(closing(stores.open()))


@pytest.fixture
def views(open_views: OpenViews) -> Views:
    return open_views()


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with closing(open_store(settings)) as store:
        yield store


@pytest.fixture
def films(store: Store) -> RandomFilms:
    """Followed by the views to the end."""
    films = RandomFilms(7, films=8, save=lambda film: store.generations.save(film.movie))
    films.go_on(400)
    follow(store)
    return films
