"""No lock at all: look, write, save. What every other strategy is compared to."""

from collections.abc import Sequence
from uuid import UUID

from benchmarks.locking import descriptions
from benchmarks.locking.descriptions import Descriptions
from benchmarks.locking.setup import Setup
from benchmarks.locking.strategy import Job, Strategy, Write


class NoLock(Strategy):
    def __init__(self, setup: Setup) -> None:
        self._descriptions = Descriptions(setup.store_url)

    @classmethod
    def create(cls, setup: Setup) -> None:
        descriptions.create(setup.store_url)

    def work(self, job: Job, write: Write) -> UUID | None:
        return self._descriptions.find(job.slug) or self._descriptions.add(job.slug, write())

    def accepted(self, slug: str) -> Sequence[UUID]:
        return self._descriptions.all(slug)

    def close(self) -> None:
        self._descriptions.close()
