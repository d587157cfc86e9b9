"""A2 on SQLite: everybody may write, the unique index lets one save.

The loser is known by SQLite's extended error code, and by the column that SQLite names, where a constraint
has no name. It loads the row that came first, and its job is done with that.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from uuid import UUID, uuid4

from benchmarks.locking.round_trips import count_statements
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Strategy, Write

BUSY_SECONDS = 5.0
"""Writers wait for one another; a writer holds the file for a statement, never while a text is written."""

_TABLE = """
CREATE TABLE IF NOT EXISTS descriptions (
    id TEXT PRIMARY KEY, slug TEXT NOT NULL UNIQUE, text TEXT NOT NULL
)
"""
_VIOLATED = "UNIQUE constraint failed: descriptions.slug"


class UniqueIndexOnSqlite(Strategy):
    def __init__(self, setup: Setup) -> None:
        # One for all threads: requests touch nothing, a worker has one thread, the lab looks at the end.
        self._file = sqlite3.connect(
            setup.sqlite_path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        self._file.execute("PRAGMA synchronous = FULL")
        count_statements(self._file)

    @classmethod
    def create(cls, setup: Setup) -> None:
        with closing(sqlite3.connect(setup.sqlite_path)) as file:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute(_TABLE)

    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self._find(job.slug)  # spares a payment whenever somebody is done already
        if existing is not None:
            return existing
        new, text = uuid4(), write()
        try:
            self._file.execute("INSERT INTO descriptions VALUES (?, ?, ?)", (str(new), job.slug, text))
        except sqlite3.IntegrityError as violation:
            is_unique = violation.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_UNIQUE
            if not (is_unique and str(violation) == _VIOLATED):
                raise
            return self._find(job.slug)
        return new

    def accepted(self, slug: str) -> Sequence[UUID]:
        rows = self._file.execute("SELECT id FROM descriptions WHERE slug = ?", (slug,))
        return [UUID(row[0]) for row in rows]

    def close(self) -> None:
        self._file.close()

    def _find(self, slug: str) -> UUID | None:
        return next(iter(self.accepted(slug)), None)
