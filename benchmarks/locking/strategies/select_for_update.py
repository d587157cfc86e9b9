"""A3: SELECT … FOR UPDATE on a control row in a lock table, made first where there is none.

The row is locked for as long as its transaction is open, and that is while the text is written. The server
ends a transaction whose holder is silent for too long; whatever it comes with then is not saved.
"""

from uuid import UUID

import psycopg

from benchmarks.locking.descriptions import Descriptions
from benchmarks.locking.rival import Rival
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Write

_TABLE = "CREATE TABLE IF NOT EXISTS film_locks (slug text PRIMARY KEY)"
_CONTROL_ROW = "INSERT INTO film_locks VALUES (%s) ON CONFLICT DO NOTHING"
_LOCK = "SELECT 1 FROM film_locks WHERE slug = %s FOR UPDATE"

SILENT_LIFETIMES = 2.5
"""How long a holder may take to write, in lifetimes of the other strategies' locks."""


class SelectForUpdate(Rival):
    def __init__(self, setup: Setup) -> None:
        self._url = setup.store_url
        self._pace = setup.pace
        self.descriptions = self._connected()

    @classmethod
    def create(cls, setup: Setup) -> None:
        super().create(setup)
        with psycopg.connect(setup.store_url, autocommit=True) as session:
            session.execute(_TABLE)

    def work(self, job: Job, write: Write) -> UUID | None:
        if self.descriptions.session.closed:
            self.descriptions = self._connected()
        existing = self.descriptions.find(job.slug)
        if existing is not None:
            return existing
        self.descriptions.session.execute(_CONTROL_ROW, (job.slug,))
        try:
            with self.descriptions.session.transaction():
                self.descriptions.session.execute(_LOCK, (job.slug,))
                return self.descriptions.find(job.slug) or self.descriptions.add(job.slug, write())
        except psycopg.errors.LockNotAvailable:  # SQLSTATE 55P03: lock_timeout is over
            return None

    def _connected(self) -> Descriptions:
        found = Descriptions(self._url)
        silent_ms = SILENT_LIFETIMES * self._pace.ttl * 1000
        found.session.execute(f"SET idle_in_transaction_session_timeout = {silent_ms:.0f}")
        found.session.execute(f"SET lock_timeout = {self._pace.block * 1000:.0f}")
        return found
