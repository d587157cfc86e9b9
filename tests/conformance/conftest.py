"""What everything that fills a role must do, whatever it is made of."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.support.servers import Postgres
from tests.support.stores import DIALECTS, OpenViews, PostgresViews, SqliteViews, Views


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
