"""What the interfaces use of a running service; `bootstrap` puts it together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from application.api_keys import Caller, KeyRing
from application.commands.request_generation import BudgetCheck, Request
from application.event_log import EventLog
from application.kept_answers import KeptAnswers
from application.movie_generations import MovieGenerations
from application.ports import JobQueue
from application.projections.projection import ViewName
from application.provider_gate import ProviderGate
from application.queue_switch import QueueSwitch
from application.rate_limits import RateLimits
from application.read_models import HistoryView, JobsView, MoviesView
from application.rebuild_book import RebuildBook
from application.spending import SpendingView
from application.tallies import Tallies
from application.texts import TextsView
from application.throughput import ThroughputView
from application.view import View
from application.worker_watch import Worker
from interfaces.rebuild_processes import RebuildProcesses


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisState:
    """How a Redis that the service uses keeps its data; only the first is known when it does not answer."""

    answers: bool
    appendonly: bool | None = None
    maxmemory_policy: str | None = None
    last_writes_ok: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMind:
    """`request` takes a request_generation, by whatever way it is answered. `log_epoch` stands before every
    position that leaves the service; `probe_store` raises StoreUnavailable when the event store cannot be
    written. `cost_per_text_microusd` is what the writer is expected to take for one text, None when that is
    not known; `check_budgets` is that of requests, and `gate` the one before a paid model, None where writing
    is free. `caller_with` knows whoever has a key, or none while AUTH is off; it looks up nothing
    but the `keys` known already. `redis_state` is None where there is no Redis, and
    `rate_limits` while AUTH is off."""

    generations: MovieGenerations
    log: EventLog
    log_epoch: Callable[[], str]
    request: Request
    check_budgets: BudgetCheck
    gate: ProviderGate | None
    jobs: JobsView
    movies: MoviesView
    history: HistoryView
    spending: SpendingView
    texts: TextsView
    throughput: ThroughputView
    rebuilds: RebuildBook
    rebuild_processes: RebuildProcesses
    switch: QueueSwitch
    tallies: Tallies
    queue: JobQueue
    queue_driver: str
    redis_state: Callable[[], RedisState | None]
    probe_store: Callable[[], None]
    live_workers: Callable[[], list[Worker]]
    cost_per_text_microusd: int | None
    keys: KeyRing
    answers: KeptAnswers
    caller_with: Callable[[str | None], Caller | None]
    rate_limits: RateLimits | None
    request_threads: int
    cors_origins: tuple[str, ...]

    @property
    def views(self) -> list[View[Any, Any]]:
        """In the order in which they are folded."""
        return [getattr(self, name) for name in ViewName]
