"""A projection: a view, and how an event changes its rows."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic

from application.event_log import Recorded
from application.projections.history import fold_history
from application.projections.jobs import fold_job, jobs_of
from application.projections.movies import films_of, fold_movie
from application.projections.spending import fold_spending, spending_of
from application.projections.texts import fold_text
from application.projections.throughput import fold_throughput, minutes_of
from application.read_models import HistoryView, JobsView, MoviesView
from application.spending import SpendingView
from application.texts import TextsView
from application.throughput import ThroughputView
from application.view import BatchRows, Key, Row, View


class ViewName(StrEnum):
    """Of all there are, in the order in which they are folded.

    Jobs last: who sees that a job is DONE finds its text and its cost in the other views already.
    """

    MOVIES = MoviesView.name
    HISTORY = HistoryView.name
    SPENDING = SpendingView.name
    TEXTS = TextsView.name
    THROUGHPUT = ThroughputView.name
    JOBS = JobsView.name


@dataclass(frozen=True, eq=False)
class Projection(Generic[Key, Row]):
    """`keys_of` names the rows that a batch may change, but for those that it begins itself; `apply` changes
    them."""

    view: View[Key, Row]
    keys_of: Callable[[Sequence[Recorded]], Collection[Key]]
    apply: Callable[[Recorded, BatchRows[Key, Row]], None]

    def fold(self, batch: Sequence[Recorded], *, after: int) -> None:
        """Fold a non-empty batch, read behind `after`, in one transaction with the position reached.

        Raises what View.writing does, and whatever an event that cannot be folded comes to; nothing has been
        folded then.
        """
        with self.view.writing(self.keys_of(batch), after=after, up_to=batch[-1].position) as rows:
            for recorded in batch:
                self.apply(recorded, rows)


def all_projections(
    *,
    movies: MoviesView,
    history: HistoryView,
    spending: SpendingView,
    texts: TextsView,
    throughput: ThroughputView,
    jobs: JobsView,
) -> list[Projection[Any, Any]]:
    """In the order of ViewName."""
    return [
        Projection(movies, films_of, fold_movie),
        Projection(history, _nothing, fold_history),
        Projection(spending, spending_of, fold_spending),
        Projection(texts, _nothing, fold_text),
        Projection(throughput, minutes_of, fold_throughput),
        Projection(jobs, jobs_of, fold_job),
    ]


def _nothing(_: Sequence[Recorded]) -> Collection[Any]:
    """Rows are begun by one event each, and changed by none."""
    return ()
