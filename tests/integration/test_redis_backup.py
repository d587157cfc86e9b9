"""Backups of Redis as docs/operations.md says: its commands are typed, and the messages are there again."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import pytest

from domain.values import Priority
from tests.conformance.queue_drivers import redis_queue
from tests.support.process import wait_until
from tests.support.redis_cli import redis_cli
from tests.support.servers import Redis

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
FILMS = [f"film-{number}-1999" for number in range(30)]


@pytest.fixture
def home() -> Iterator[Path]:
    with TemporaryDirectory(prefix="moviemind-backup-") as home:
        for name in ("bin", "backup"):
            (Path(home) / name).mkdir()
        yield Path(home)


@pytest.fixture
def server(home: Path) -> Iterator[Redis]:
    server = Redis(home / "redis")
    server.start()
    redis_cli(home / "bin", server.port)
    yield server
    server.stop()


def _type(section: str, home: Path, *, block: int = 0) -> None:
    """Type one block of commands of a section into a shell. The page says what DATA and BACKUP are."""
    text = re.split(rf"^#+ {re.escape(section)}$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
    commands = re.findall(r"```sh\n(.*?)```", re.split(r"^#", text, flags=re.MULTILINE)[0], re.DOTALL)[block]
    subprocess.run(
        ["sh", "-eu", "-c", commands],
        env={
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
            "DATA": str(home / "redis"),
            "BACKUP": str(home / "backup"),
        },
        check=True,
        capture_output=True,
        timeout=60,
    )


def _send(server: Redis, films: list[str]) -> None:
    with closing(redis_queue(server.url)) as queue:
        for slug in films:
            queue.enqueue(slug=slug, job_id=uuid4(), attempt=1, priority=Priority.INTERACTIVE)


def _waiting(server: Redis) -> int:
    with closing(redis_queue(server.url)) as queue:
        return queue.waiting()


def _epoch(server: Redis) -> str:
    with closing(redis_queue(server.url)) as queue:
        return queue.epoch()


def _restore_the_snapshot(home: Path) -> None:
    """The first start is one without the append-only file."""
    _type("From a snapshot", home)
    once = Redis(home / "redis", "--appendonly", "no")
    once.start()
    try:
        redis_cli(home / "bin", once.port)
        _type("From a snapshot", home, block=1)
    finally:
        once.stop()


def _start_anew(server: Redis) -> None:
    """Everything that was there is gone; the server does not run."""
    server.stop()
    server.lose_data()


def test_a_copied_snapshot_brings_the_messages_of_its_moment_back(home: Path, server: Redis) -> None:
    _send(server, FILMS)

    _type("Copy a snapshot", home)
    _send(server, ["too-late-1999"])
    _start_anew(server)
    _restore_the_snapshot(home)
    server.start()

    assert _waiting(server) == len(FILMS)
    with closing(server.client()) as client:
        assert client.info("persistence")["aof_enabled"] == 1


def test_what_was_restored_from_a_snapshot_survives_the_next_crash(home: Path, server: Redis) -> None:
    _send(server, FILMS)
    _type("Copy a snapshot", home)
    _start_anew(server)
    _restore_the_snapshot(home)
    server.start()

    server.kill9()
    server.start()

    assert _waiting(server) == len(FILMS)


def test_a_snapshot_alone_is_not_read_by_a_redis_that_keeps_an_append_only_file(
    home: Path, server: Redis
) -> None:
    """Why the page has more than one step."""
    _send(server, FILMS)
    _type("Copy a snapshot", home)
    _start_anew(server)
    _type("From a snapshot", home)

    server.start()

    assert _waiting(server) == 0


def test_a_copied_append_only_file_brings_the_messages_back(home: Path, server: Redis) -> None:
    _send(server, FILMS)

    _type("Copy the append-only file", home)
    _start_anew(server)
    _type("From the append-only file", home)
    server.start()

    assert _waiting(server) == len(FILMS)


def test_after_a_copy_the_append_only_file_is_rewritten_by_itself_again(home: Path, server: Redis) -> None:
    def percentage() -> str:
        with closing(server.client()) as client:
            return str(client.config_get("auto-aof-rewrite-percentage")["auto-aof-rewrite-percentage"])

    before = percentage()

    _type("Copy the append-only file", home)

    assert percentage() == before != "0"


def test_an_archive_of_the_volume_brings_the_messages_back(home: Path, server: Redis) -> None:
    _send(server, FILMS)

    server.stop()
    _type("Archive the volume", home)
    server.lose_data()
    _type("From the archive", home)
    server.start()

    assert _waiting(server) == len(FILMS)


def test_what_is_restored_is_another_epoch_so_that_everything_due_is_sent_again(
    home: Path, server: Redis
) -> None:
    before = _epoch(server)
    _type("Copy the append-only file", home)
    _start_anew(server)
    _type("From the append-only file", home)
    server.start()

    wait_until(lambda: _epoch(server), "the queue answers")
    assert _epoch(server) != before
