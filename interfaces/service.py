"""The parts of a running service, as the interfaces use them; `bootstrap` puts them together."""

from collections.abc import Callable
from dataclasses import dataclass

from application.dispatching import Dispatcher
from application.event_log import EventLog
from application.movie_generations import MovieGenerations
from application.projector import Projector
from application.read_models import HistoryView, JobsView, MoviesView
from application.worker_watch import Heartbeats, WorkerWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieMind:
    """`log_epoch` stands before every position that leaves the service; `probe_store` raises
    StoreUnavailable when the event store cannot be written. `cost_per_text_microusd` is what the writer
    is expected to take for one text, None when that is not known."""

    generations: MovieGenerations
    log: EventLog
    log_epoch: str
    jobs: JobsView
    movies: MoviesView
    history: HistoryView
    probe_store: Callable[[], None]
    projector: Projector
    dispatcher: Dispatcher
    heartbeats: Heartbeats
    watch: WorkerWatch
    worker_id: str
    cost_per_text_microusd: int | None
    close: Callable[[], None]
