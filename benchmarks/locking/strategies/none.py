"""No lock at all: look, write, save. What every other strategy is compared to."""

from uuid import UUID

from benchmarks.locking.rival import Rival
from benchmarks.locking.strategy import Job, Write


class NoLock(Rival):
    def work(self, job: Job, write: Write) -> UUID | None:
        return self.descriptions.find(job.slug) or self.descriptions.add(job.slug, write())
