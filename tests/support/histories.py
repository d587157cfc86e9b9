"""A store whose history is published, and what somebody with its database can do to that."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from application.audit.checkpoints import Checkpoint, open_checkpoint
from application.audit.history_tree import HistoryTree, leaves
from application.audit.leaves import Leaf
from application.audit.published import PublishedHistory
from application.audit.signed_notes import SigningKey
from application.audit.verification import Verified, verify_history
from infrastructure.places import DirectoryPlace
from infrastructure.settings import Settings
from infrastructure.store import Store
from interfaces.history import tree_of
from tests.support.rebuilding import change, is_sqlite

KEY = SigningKey("films.example/history", bytes(range(32)))


COLUMNS = "originator_id, originator_version, topic, state"


class Row(NamedTuple):
    """Of the table of events."""

    stream: Any
    version: int
    topic: str
    state: bytes
    position: int


@dataclass
class History:
    """Of a store whose `place` only the service can reach."""

    settings: Settings
    store: Store
    place: Path

    @property
    def tree(self) -> HistoryTree:
        return tree_of(self.store)

    @property
    def published(self) -> PublishedHistory:
        return PublishedHistory(DirectoryPlace(self.place), KEY.verifier_key)

    def grow(self) -> None:
        tree = self.tree
        while tree.step():
            pass

    def publish(self) -> Checkpoint:
        self.grow()
        self.place.mkdir(exist_ok=True)
        begins = not (self.place / "tile").exists()
        return open_checkpoint(self.published.publish(self.tree, KEY, begins=begins), KEY.verifier_key)

    def verify(self, *checkpoints: Checkpoint, with_tiles: bool = True) -> Verified:
        """Against those, or against the one that is published."""
        return verify_history(
            self.store.log,
            self.tree,
            checkpoints or [self.published.last()],
            published=self.published.tiles if with_tiles else None,
        )

    def leaves(self) -> list[Leaf]:
        return list(leaves(self.store.log))

    def rewrite_the_tree(self) -> None:
        """As somebody would who knows that there is one."""
        change(
            self.store,
            "DELETE FROM merkle_tiles",
            "UPDATE tracking SET position = 0 WHERE view = 'merkle_tiles'",
        )
        self.grow()

    @contextmanager
    def tampered(self, with_rows: Callable[[list[Row]], list[Row]]) -> Iterator[None]:
        """Other events while the block runs."""
        before = self.tamper(with_rows)
        try:
            yield
        finally:
            self.tamper(lambda _: before)

    def tamper(self, with_rows: Callable[[list[Row]], list[Row]]) -> list[Row]:
        """Let other rows of events take the place of all there are, behind the back of the service. Returns
        those that were there."""
        tamper = self._tamper_on_sqlite if is_sqlite(self.store) else self._tamper_on_postgres
        return tamper(with_rows)

    def _tamper_on_sqlite(self, with_rows: Callable[[list[Row]], list[Row]]) -> list[Row]:
        with closing(sqlite3.connect(self.settings.event_store_path)) as other, other:
            found = other.execute(f"SELECT {COLUMNS}, rowid FROM stored_events ORDER BY rowid").fetchall()
            rows = [Row(*row) for row in found]
            other.execute("DELETE FROM stored_events")
            other.executemany(
                f"INSERT INTO stored_events ({COLUMNS}, rowid) VALUES (?, ?, ?, ?, ?)",
                with_rows([*rows]),
            )
        return rows

    def _tamper_on_postgres(self, with_rows: Callable[[list[Row]], list[Row]]) -> list[Row]:
        with psycopg.connect(self.settings.store_address) as other:
            found = other.execute(
                f"SELECT {COLUMNS}, notification_id FROM stored_events ORDER BY 5"
            ).fetchall()
            rows = [Row(*row) for row in found]
            other.execute("DELETE FROM stored_events")
            with other.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO stored_events ({COLUMNS}, notification_id) VALUES (%s, %s, %s, %s, %s)",
                    with_rows([*rows]),
                )
        return rows
