"""The whole service as processes."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import structlog

from interfaces.cli.main import main
from interfaces.client import Operator
from tests.support.disk import SmallDisk, small_disk
from tests.support.process import Up, environment


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
def connect() -> Iterator[Callable[[Up], Operator]]:
    clients: list[Operator] = []

    def to(up: Up) -> Operator:
        clients.append(Operator(up.url))
        return clients[-1]

    yield to
    for client in clients:
        client.close()


class Ended(NamedTuple):
    """What a command printed, and how it ended."""

    code: object
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def _logs_as_before() -> Iterator[None]:
    """A command configures logs for its process, which here is that of other tests too."""
    configuration, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**configuration)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], _logs_as_before: None
) -> Callable[..., Ended]:
    """Run a command inside this process, with settings: quick, for what talks to a running service or
    ends before one starts."""

    def run(*arguments: object, **settings: str) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(os, "environ", environment(**settings))
        monkeypatch.setattr(sys, "argv", ["moviemind", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return Ended(ended.value.code, printed.out, printed.err)

    return run
