"""The event log as followers read it: every event of every film, in the order they were committed."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Mapper

from application.errors import EventUnreadable, StoreUnavailable, first_line, store_errors
from application.movie_generations import MovieGenerations
from domain.events import Event, MovieRegistered

SLUGS_KEPT = 10_000

_ALL = 2**62


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


class LogRecorder(ApplicationRecorder):
    """What following a log needs beyond the library's recorder."""

    @abstractmethod
    def committed_head(self) -> int | None:
        """The newest position that is committed, whether or not followers may read so far yet."""

    @abstractmethod
    def count_after(self, position: int, *, at_most: int) -> int:
        """How many committed events are behind a position; counting stops at `at_most`."""


class EventLog:
    def __init__(self, generations: MovieGenerations) -> None:
        self._recorder = cast(LogRecorder, generations.recorder)
        self._mapper: Mapper[UUID] = generations.mapper
        self._slugs: dict[UUID, str] = {}

    def head(self) -> int:
        """Position of the newest event; 0 while there is none. Raises StoreUnavailable."""
        with store_errors():
            return self._recorder.committed_head() or 0

    def count_after(self, position: int, *, at_most: int) -> int:
        """How many events are behind a position, positions not being dense. Raises StoreUnavailable."""
        with store_errors():
            return self._recorder.count_after(position, at_most=at_most)

    def count(self) -> int:
        """How many events there are. Raises StoreUnavailable."""
        return self.count_after(0, at_most=_ALL)

    def after(self, position: int, *, limit: int) -> list[Recorded]:
        """The next events behind a position, at most `limit`, up to one that cannot be read. Raises
        StoreUnavailable, and EventUnreadable when that is the first."""
        with store_errors():
            notifications = self._recorder.select_notifications(
                start=position, limit=limit, inclusive_of_start=False
            )
        found: list[Recorded] = []
        for stored in notifications:
            try:
                event = cast(Event, self._mapper.to_domain_event(stored))
                found.append(Recorded(stored.id, self._slug(event), event))
            except StoreUnavailable:
                raise
            except Exception as error:
                if found:
                    break
                raise EventUnreadable(stored.topic, stored.id, first_line(error)) from error
        return found

    def _slug(self, event: Event) -> str:
        """Only the first event of a stream carries its slug."""
        stream: UUID = event.originator_id
        if stream not in self._slugs:
            if len(self._slugs) >= SLUGS_KEPT:
                self._slugs.clear()
            self._slugs[stream] = self._first(event).slug
        return self._slugs[stream]

    def _first(self, event: Event) -> MovieRegistered:
        if isinstance(event, MovieRegistered):
            return event
        with store_errors():
            (stored,) = self._recorder.select_events(event.originator_id, limit=1)
        return cast(MovieRegistered, self._mapper.to_domain_event(stored))
