"""The whole service as processes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interfaces.cli.client import Client
from tests.support.disk import SmallDisk, small_disk
from tests.support.process import Up


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The data directory of `start_up` is a disk of its own."""
    with small_disk(tmp_path / "data") as disk:
        yield disk


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start `moviemind up` with settings; whatever is still running at the end is stopped."""
    started: list[Up] = []

    def start(**settings: str) -> Up:
        up = Up(tmp_path / "data", **settings)
        started.append(up)
        return up.start()

    yield start
    for up in started:
        up.close()


@pytest.fixture
def connect() -> Iterator[Callable[[Up], Client]]:
    clients: list[Client] = []

    def to(up: Up) -> Client:
        clients.append(Client(up.url))
        return clients[-1]

    yield to
    for client in clients:
        client.close()
