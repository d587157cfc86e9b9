"""A film as its readers saw it at some version: the movies projection, run over the film's stream alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from application.errors import MovieNotFound, VersionNotFound, store_errors
from application.event_log import Recorded
from application.movie_generations import MovieGenerations
from application.projections.movies import fold_movie
from application.read_models import MovieRow
from domain.events import Event
from domain.movie_generation import stream_id


def stream_of(slug: str, *, generations: MovieGenerations) -> list[Event]:
    """Every event of a film; version n of it is what the first n have made. Raises MovieNotFound."""
    with store_errors():
        events = cast(list[Event], list(generations.events.get(stream_id(slug))))
    if not events:
        raise MovieNotFound(slug)
    return events


def movie_at(slug: str, version: int, stream: Sequence[Event]) -> MovieRow:
    """The film at a version of its stream. A stream does not know where its events stand in the log, so
    `listed_position` is not that of the view. Raises VersionNotFound."""
    if not 1 <= version <= len(stream):
        raise VersionNotFound(slug, version, len(stream))
    rows = _OneMovie()
    for event in stream[:version]:
        fold_movie(Recorded(event.originator_version, slug, event), rows)
    return rows.get(slug)


@dataclass(slots=True)
class _OneMovie:
    """The rows of a projection that meets a single film."""

    row: MovieRow | None = None

    def get(self, _slug: str) -> MovieRow:
        assert self.row is not None, "a stream begins with the event that makes the row"
        return self.row

    def put(self, row: MovieRow) -> None:
        self.row = row
