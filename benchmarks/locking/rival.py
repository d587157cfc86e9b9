"""What the rivals on PostgreSQL share: a table of descriptions, as a service without events keeps it."""

from collections.abc import Sequence
from uuid import UUID

from benchmarks.locking import descriptions
from benchmarks.locking.descriptions import Descriptions
from benchmarks.locking.redis_lock import connect
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Strategy


class Rival(Strategy):
    """A subclass says in `work` how it keeps others from writing too."""

    is_unique = False
    """Whether the table takes one description of a film only."""

    def __init__(self, setup: Setup) -> None:
        self.descriptions = Descriptions(setup.store_url)

    @classmethod
    def create(cls, setup: Setup) -> None:
        descriptions.create(setup.store_url, is_unique=cls.is_unique)

    def accepted(self, slug: str) -> Sequence[UUID]:
        return self.descriptions.all(slug)

    def close(self) -> None:
        self.descriptions.close()


class RivalWithRedis(Rival):
    """One that keeps its locks on one server of Redis."""

    def __init__(self, setup: Setup) -> None:
        super().__init__(setup)
        self._redis = connect(setup.redis_urls[0])
        self._pace = setup.pace

    def close(self) -> None:
        self._redis.close()
        super().close()
