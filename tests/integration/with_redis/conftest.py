"""One Redis for all tests of a process; each finds it empty and running, whatever it does to it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.integration.with_redis.house import House
from tests.support.servers import Redis


@pytest.fixture(scope="session")
def _server() -> Iterator[Redis]:
    with TemporaryDirectory(prefix="moviemind-redis-") as home:
        server = Redis(Path(home))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def server(_server: Redis) -> Iterator[Redis]:
    with closing(_server.client()) as client:
        client.flushall()
    yield _server
    _server.thaw()
    _server.start()
    with closing(_server.client()) as client:
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", 0)


@pytest.fixture
def house(server: Redis, tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, server) as house:
        yield house
