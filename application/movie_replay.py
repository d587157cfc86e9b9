"""A film as its readers saw it at some version: the movies projection, run over the film's stream alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from application.errors import MovieNotFound, NotKnownYet, VersionNotFound, store_errors
from application.event_log import Recorded
from application.movie_generations import MovieGenerations
from application.projections.movies import fold_movie
from application.read_models import MovieRow
from domain.events import DescriptionWithdrawn, Event
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
    *_, (_, row) = replay(slug, stream[:version])
    return row


def replay(slug: str, stream: Sequence[Event]) -> Iterator[tuple[Event, MovieRow]]:
    """Every event of a film, with the film as it left it."""
    rows = _OneMovie()
    for event in stream:
        fold_movie(Recorded(event.originator_version, slug, event), rows)
        yield event, rows.get(slug)


def movie_back_then(
    slug: str, point: int | datetime, *, generations: MovieGenerations, shows_withdrawn: bool = False
) -> MovieRow:
    """The film at a version of its stream, or as it was at a moment.

    Texts that have been withdrawn since are only shown where that is wanted. Raises MovieNotFound,
    NotKnownYet, VersionNotFound.
    """
    stream = stream_of(slug, generations=generations)
    version = _newest(stream, point) if isinstance(point, datetime) else point
    if version is None:
        raise NotKnownYet(slug, stream[0].timestamp)
    row = movie_at(slug, version, stream)
    return row if shows_withdrawn else _without(withdrawn_in(stream), row)


def withdrawn_in(stream: Sequence[Event]) -> set[UUID]:
    """The descriptions of a film that must not be shown any more."""
    return {event.description_id for event in stream if isinstance(event, DescriptionWithdrawn)}


def _newest(stream: Sequence[Event], moment: datetime) -> int | None:
    """The newest version recorded at a moment or before; clocks of several hosts may differ a little."""
    return max((event.originator_version for event in stream if event.timestamp <= moment), default=None)


def _without(gone: set[UUID], row: MovieRow) -> MovieRow:
    default_id = row.default_description_id
    return row._replace(
        default_description_id=None if default_id in gone else default_id,
        descriptions=tuple(
            replace(one, text="", is_withdrawn=True) if one.description_id in gone else one
            for one in row.descriptions
        ),
    )


@dataclass(slots=True)
class _OneMovie:
    """The rows of a projection that meets a single film."""

    row: MovieRow | None = None

    def get(self, _slug: str) -> MovieRow:
        assert self.row is not None, "a stream begins with the event that makes the row"
        return self.row

    def put(self, row: MovieRow) -> None:
        self.row = row
