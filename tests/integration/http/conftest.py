"""The embedded service, served over real HTTP.

Three services run for all tests, which keep apart by asking for films of their own. A test that counts
rows, or restarts a service over the same data, serves one of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infrastructure.settings import load_settings
from interfaces.embedded import embedded_service
from tests.integration.http.api import FAILS, Api, Serve, new_film


@pytest.fixture(scope="session")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service that writes descriptions at once."""
    with _serving(tmp_path_factory.mktemp("works")) as api:
        yield api


@pytest.fixture(scope="session")
def waiting_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service without workers: jobs stay PENDING."""
    with _serving(tmp_path_factory.mktemp("waits"), works=False) as api:
        yield api


@pytest.fixture(scope="session")
def failing_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service whose jobs all end as FAILED."""
    with _serving(tmp_path_factory.mktemp("fails"), **FAILS) as api:
        yield api


@pytest.fixture(scope="module")
def own_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A service that writes descriptions at once, for the tests of one module only."""
    with _serving(tmp_path_factory.mktemp("own")) as api:
        yield api


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    """Serve this test's own data directory, as often as it likes: `with serve(works=False) as api`."""
    return lambda **more: _serving(tmp_path / "data", **more)


@pytest.fixture
def film() -> str:
    return new_film()


@contextmanager
def _serving(data_dir: Path, *, works: bool = True, **settings: Any) -> Iterator[Api]:
    configured = load_settings(data_dir=data_dir, port=0, worker_threads=2, poll_seconds=0.05, **settings)
    with embedded_service(configured, works=works) as url, Api(url) as api:
        yield api
