"""A process of the lab that does not come, or ends at its start, is told and not waited for."""

from collections.abc import Iterator
from contextlib import closing
from multiprocessing.connection import Client
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from benchmarks.locking import reception
from benchmarks.locking.reception import Reception, first_word


@pytest.fixture
def place() -> Iterator[Path]:
    """A socket's address has to be short."""
    with TemporaryDirectory(prefix="moviemind-") as home:
        yield Path(home) / "here.sock"


def test_who_reports_is_heard(place: Path) -> None:
    with closing(Reception(place)) as here, Client(here.address) as process, here.line_to("a worker") as line:
        process.send("worker-1")

        assert first_word(line, "a worker") == "worker-1"


def test_who_does_not_come_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "START_SECONDS", 0.05)

    with (
        closing(Reception(place)) as here,
        pytest.raises(AssertionError, match="a worker has not reported for"),
    ):
        here.line_to("a worker")


def test_who_ends_before_it_is_ready_is_told(place: Path) -> None:
    with closing(Reception(place)) as here:
        process = Client(here.address)
        with here.line_to("a worker") as line:
            process.close()

            with pytest.raises(AssertionError, match="a worker has ended before it was ready"):
                first_word(line, "a worker")


def test_who_says_nothing_is_told(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Reception(place)) as here, Client(here.address), here.line_to("a worker") as line:
        monkeypatch.setattr(reception, "START_SECONDS", 0.05)

        with pytest.raises(AssertionError, match="a worker was not ready within"):
            first_word(line, "a worker")
