"""Backups of messages, made beside traffic as docs/operations.md says, and volumes filled from them."""

import shutil
from abc import ABC, abstractmethod
from contextlib import closing
from pathlib import Path
from typing import Generic, TypeVar

from benchmarks.persistence.places import ALONE
from tests.support.process import wait_until
from tests.support.servers import Postgres, Redis

Kept = TypeVar("Kept", Redis, Postgres)


class Backup(ABC, Generic[Kept]):
    @abstractmethod
    def make(self, server: Kept, directory: Path) -> None:
        """Of a server that runs, into a directory that is empty."""

    @abstractmethod
    def start_from(self, server: Kept, directory: Path) -> None:
        """Start a server whose volume is empty with what was backed up."""


class Snapshot(Backup[Redis]):
    """One file, complete as of the moment it was begun."""

    def make(self, server: Redis, directory: Path) -> None:
        snapshot(server)
        shutil.copy(server.home / "dump.rdb", directory)

    def start_from(self, server: Redis, directory: Path) -> None:
        shutil.copy(directory / "dump.rdb", server.home)
        server.start()


class AppendOnlyFile(Backup[Redis]):
    """A directory of files, which are rewritten before, to be small, and not while they are copied."""

    def make(self, server: Redis, directory: Path) -> None:
        with closing(server.client()) as client:
            client.config_set("auto-aof-rewrite-percentage", 0)
            try:
                client.bgrewriteaof()
                wait_until(lambda: not _is_rewriting(client.info("persistence")), "the file is rewritten")
                shutil.copytree(server.home / "appendonlydir", directory / "appendonlydir")
            finally:
                client.config_set("auto-aof-rewrite-percentage", 100)

    def start_from(self, server: Redis, directory: Path) -> None:
        shutil.copytree(directory / "appendonlydir", server.home / "appendonlydir")
        server.start()


class Dump(Backup[Postgres]):
    """The statements that make the database of the messages anew."""

    def make(self, server: Postgres, directory: Path) -> None:
        (directory / "dump.sql").write_text(server.run("pg_dump", server.url(ALONE)), encoding="utf-8")

    def start_from(self, server: Postgres, directory: Path) -> None:
        server.start()
        server.execute(f"CREATE DATABASE {ALONE}")
        options = ("--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(directory / "dump.sql"))
        server.run("psql", *options, server.url(ALONE))


def snapshot(server: Redis) -> None:
    """Returns when it is made."""
    with closing(server.client()) as client:
        client.bgsave()
        wait_until(lambda: not client.info("persistence")["rdb_bgsave_in_progress"], "the snapshot is made")


def _is_rewriting(persistence: dict[str, int]) -> bool:
    return bool(persistence["aof_rewrite_in_progress"] or persistence["aof_rewrite_scheduled"])
