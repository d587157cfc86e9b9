"""The table of the rivals on PostgreSQL: descriptions as a service without events keeps them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

import psycopg

UNIQUE_SLUG = "descriptions_slug_unique"

_TABLE = """
CREATE TABLE IF NOT EXISTS descriptions (
    id uuid PRIMARY KEY, slug text NOT NULL, text text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
"""
_INDEX = "CREATE INDEX IF NOT EXISTS descriptions_slug ON descriptions (slug)"
_UNIQUE = f"ALTER TABLE descriptions ADD CONSTRAINT {UNIQUE_SLUG} UNIQUE (slug)"
_ALL = "SELECT id FROM descriptions WHERE slug = %s ORDER BY written_at, id"


def create(url: str, *, is_unique: bool = False) -> None:
    """The table, with one description for each slug at most where it `is_unique`."""
    with psycopg.connect(url, autocommit=True) as session:
        session.execute(_TABLE)
        session.execute(_UNIQUE if is_unique else _INDEX)


class Descriptions:
    """One connection, each statement a transaction of its own unless the caller begins one."""

    def __init__(self, url: str) -> None:
        self.session = psycopg.connect(url, autocommit=True)

    def find(self, slug: str) -> UUID | None:
        """The oldest, if there is one."""
        row = self.session.execute(f"{_ALL} LIMIT 1", (slug,)).fetchone()
        return row[0] if row else None

    def add(self, slug: str, text: str) -> UUID:
        """Raises psycopg.errors.UniqueViolation where the table allows one only."""
        new = uuid4()
        self.session.execute("INSERT INTO descriptions VALUES (%s, %s, %s)", (new, slug, text))
        return new

    def all(self, slug: str) -> Sequence[UUID]:
        return [row[0] for row in self.session.execute(_ALL, (slug,))]

    def close(self) -> None:
        self.session.close()
