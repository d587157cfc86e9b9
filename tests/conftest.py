"""Fixtures that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings

from infrastructure.choices import PREFIX
from tests.support.core import Appends, Core
from tests.support.servers import Postgres
from tests.support.version_check import remove_version_check

# The same examples on every run: a failure is one for everybody. How long an example takes is no test.
settings.register_profile("deterministic", derandomize=True, database=None, deadline=None)
settings.load_profile("deterministic")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-version-check",
        action="store_true",
        help="run on an event store that has lost its version check (the mutation proof)",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--without-version-check"):
        remove_version_check()


@pytest.fixture(scope="session", autouse=True)
def _only_settings_of_the_tests() -> Iterator[None]:
    """Those of whoever runs the tests do not count."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(PREFIX)]:
            environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One for all tests of a process, each of which has databases of its own."""
    with TemporaryDirectory(prefix="moviemind-postgres-") as home:
        server = Postgres(Path(home))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Core]:
    core = Core(tmp_path)
    yield core
    core.close()


@pytest.fixture
def appends(core: Core, monkeypatch: pytest.MonkeyPatch) -> Appends:
    return Appends(core, monkeypatch)
