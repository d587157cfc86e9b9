"""A store: the events, the views folded from them, and what the dispatcher and the rescuer remember."""

from collections.abc import Callable
from dataclasses import dataclass

from application.api_keys import KeyBook
from application.audit.history_tree import TilesView
from application.call_ledger import CallLedger
from application.dispatching import Dispatches
from application.event_log import EventLog
from application.kept_answers import AnswerBook
from application.movie_generations import MovieGenerations
from application.queue_switch import QueueSwitch
from application.read_models import HistoryView, JobsView, MoviesView
from application.rebuild import SecondSets
from application.rebuild_book import RebuildBook
from application.spending import SpendingView
from application.tallies import TallyBook
from application.texts import TextsView
from application.throughput import ThroughputView
from application.worker_watch import Heartbeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """`log_epoch` stands before every position that leaves the service: it changes when the log is replaced
    by an older copy of itself. `probe` raises StoreUnavailable when the events cannot be written.
    `connections` is how many threads can use it without waiting for one another. `installation` tells it from
    others that may use the same Redis, and stays when the log is promoted."""

    installation: str
    connections: int
    generations: MovieGenerations
    log: EventLog
    log_epoch: Callable[[], str]
    jobs: JobsView
    movies: MoviesView
    history: HistoryView
    spending: SpendingView
    tiles: TilesView
    throughput: ThroughputView
    texts: TextsView
    dispatches: Dispatches
    heartbeats: Heartbeats
    switch: QueueSwitch
    ledger: CallLedger
    tallies: TallyBook
    keys: KeyBook
    answers: AnswerBook
    second_sets: SecondSets
    rebuilds: RebuildBook
    probe: Callable[[], None]
    close: Callable[[], None]
