"""Which rows a batch needs of those before it: those that it changes, and has not begun itself."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import pytest

from application.event_log import Recorded
from application.projections.jobs import fold_job, jobs_of
from application.projections.movies import films_of, fold_movie
from application.projections.spending import fold_spending, spending_of
from application.projections.throughput import fold_throughput, minutes_of
from application.view import BatchRows
from tests.golden.record import story


class Kind(NamedTuple):
    keys_of: Callable[[Sequence[Recorded]], Collection[Any]]
    apply: Callable[[Recorded, BatchRows[Any, Any]], None]
    key_of: Callable[[Any], Any]


MOVIES = Kind(films_of, fold_movie, lambda row: row.slug)
SPENDING = Kind(spending_of, fold_spending, lambda row: (row.job_id, row.attempt))
THROUGHPUT = Kind(minutes_of, fold_throughput, lambda row: row.minute)
JOBS = Kind(jobs_of, fold_job, lambda row: row.job_id)

EVENTS = [Recorded(at, "amelie-2001", event) for at, event in enumerate(story().events(), start=1)]


def folded(kind: Kind, *batches: Sequence[Recorded]) -> dict[Any, Any]:
    """A row that is put anew although it is there is what a database would refuse."""
    table: dict[Any, Any] = {}
    for batch in batches:
        found = [table[key] for key in kind.keys_of(batch) if key in table]
        rows = BatchRows[Any, Any](found, key_of=kind.key_of)
        for recorded in batch:
            kind.apply(recorded, rows)
        new = {kind.key_of(row): row for row in rows.new}
        assert not new.keys() & table.keys()
        table |= new | {kind.key_of(row): row for row in rows.changed}
    return table


@pytest.mark.parametrize("kind", [MOVIES, SPENDING, JOBS])
def test_what_a_batch_begins_it_does_not_ask_for(kind: Kind) -> None:
    assert not kind.keys_of(EVENTS)
    assert any(kind.keys_of([one]) for one in EVENTS)


@pytest.mark.parametrize("kind", [MOVIES, SPENDING, THROUGHPUT, JOBS])
def test_rows_are_the_same_wherever_batches_end(kind: Kind) -> None:
    whole = folded(kind, EVENTS)

    assert whole
    for end in range(1, len(EVENTS)):
        assert folded(kind, EVENTS[:end], EVENTS[end:]) == whole
    assert folded(kind, *([one] for one in EVENTS)) == whole
