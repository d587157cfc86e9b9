"""The event log as followers read it: every event of every film, in the order they were committed."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Mapper

from application.movie_generations import MovieGenerations
from domain.events import Event, MovieRegistered


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event at its position in the log; its slug is that of the stream."""

    position: int
    slug: str
    event: Event

    @property
    def version(self) -> int:
        """Position inside the film's stream, from 1."""
        return self.event.originator_version


class EventLog:
    def __init__(self, generations: MovieGenerations) -> None:
        self._recorder: ApplicationRecorder = generations.recorder
        self._mapper: Mapper[UUID] = generations.mapper
        # Only the first event of a stream carries the slug.
        self._slug_of = lru_cache(maxsize=10_000)(self._read_slug)

    def head(self) -> int:
        """Position of the newest event; 0 while there is none."""
        return self._recorder.max_notification_id() or 0

    def after(self, position: int, *, limit: int) -> list[Recorded]:
        """The next events behind a position, at most `limit`."""
        notifications = self._recorder.select_notifications(
            start=position, limit=limit, inclusive_of_start=False
        )
        events = [(n.id, cast(Event, self._mapper.to_domain_event(n))) for n in notifications]
        return [Recorded(position, self._slug(event), event) for position, event in events]

    def _slug(self, event: Event) -> str:
        return event.slug if isinstance(event, MovieRegistered) else self._slug_of(event.originator_id)

    def _read_slug(self, stream: UUID) -> str:
        (first,) = self._recorder.select_events(stream, limit=1)
        return cast(MovieRegistered, self._mapper.to_domain_event(first)).slug
