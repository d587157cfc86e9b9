"""A2 on PostgreSQL: everybody may write, the unique index lets one save.

The loser is known by its SQLSTATE, 23505, and by the name of the constraint, never by words of the message.
It loads the row that came first, and its job is done with that.
"""

from uuid import UUID

from psycopg.errors import UniqueViolation  # SQLSTATE 23505

from benchmarks.locking.descriptions import UNIQUE_SLUG
from benchmarks.locking.rival import Rival
from benchmarks.locking.strategy import Job, Write


class UniqueIndexOnPostgres(Rival):
    is_unique = True

    def work(self, job: Job, write: Write) -> UUID | None:
        existing = self.descriptions.find(job.slug)  # spares a payment whenever somebody is done already
        if existing is not None:
            return existing
        text = write()
        try:
            return self.descriptions.add(job.slug, text)
        except UniqueViolation as violation:
            if violation.diag.constraint_name != UNIQUE_SLUG:
                raise
            return self.descriptions.find(job.slug)
