"""What a locking strategy has to do in the lab, and where each is found.

A client asks for a film: that makes a job, which some worker process takes from the lab's queue and hands to
the strategy. The strategy has the description written, sees to it that it is in its store, and says with
which description the job is done. How it keeps others from doing the same is its own affair.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from uuid import UUID

from benchmarks.locking.setup import Setup

Write = Callable[[], str]
"""Calls the paid model for the job at hand. Every call is paid for."""

STRATEGIES = {
    "none": "none:NoLock",
    "cache-lock": "cache_lock:CacheLock",
    "cache-lock-recheck": "cache_lock_recheck:CacheLockWithRecheck",
    "unique-index-postgresql": "unique_index_postgresql:UniqueIndexOnPostgres",
    "unique-index-sqlite": "unique_index_sqlite:UniqueIndexOnSqlite",
    "select-for-update": "select_for_update:SelectForUpdate",
    "setnx": "setnx:SetNx",
    "redlock": "redlock:RedlockOnThree",
    "token-unique-index": "token_unique_index:TokenAndUniqueIndex",
    "moviemind": "moviemind:MovieMind",
    "moviemind-token": "moviemind_token:MovieMindWithToken",
}
"""By name, the module and the class of each."""


@dataclass(frozen=True, slots=True)
class Job:
    """What one client asked for."""

    job_id: UUID
    slug: str


Put = Callable[[Job, int], None]
"""Puts an attempt of a job into the lab's queue; one that has been there before is not put again."""


class NotNow(Exception):
    """Somebody else has the lock, and waiting for it has taken too long: this try has failed."""


class Strategy(ABC):
    """Made once in each process. Whatever a method raises ends the try; the queue makes up to three.

    One that `has_upkeep` needs something beside its workers, which gets a process of its own. One that
    `sends_jobs` puts them into the queue from there; those of all others are put when they are asked for.
    """

    has_upkeep = False
    sends_jobs = False

    @abstractmethod
    def __init__(self, setup: Setup) -> None: ...

    @classmethod
    @abstractmethod
    def create(cls, setup: Setup) -> None:
        """Make its tables, once, before anybody works."""

    def start(self) -> None:  # noqa: B027 - most have nothing to do
        """Called once in a worker process, before its first job."""

    def request(self, job: Job) -> Job:
        """Take what a client asks for; the job returned is the one whose answer the client waits for."""
        return job

    @abstractmethod
    def work(self, job: Job, write: Write) -> UUID | None:
        """The description the job is done with; None while somebody else is at it: the queue asks again
        after a moment, which costs no try."""

    @abstractmethod
    def accepted(self, slug: str) -> Sequence[UUID]:
        """The descriptions of a film in the store, as an auditor finds them."""

    @contextmanager
    def upkeep(self, _put: Put) -> Iterator[None]:
        """What has to run beside the workers while the block does."""
        yield

    @abstractmethod
    def close(self) -> None: ...


def strategy_class(name: str) -> type[Strategy]:
    module, _, kind = STRATEGIES[name].partition(":")
    found: type[Strategy] = getattr(import_module(f"benchmarks.locking.strategies.{module}"), kind)
    return found
