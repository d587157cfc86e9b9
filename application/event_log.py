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


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as the store holds it, whether or not it can be read."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes


class LogRecorder(ApplicationRecorder):
    """What following a log needs beyond the library's recorder."""

    @abstractmethod
    def committed_head(self) -> int | None:
        """The newest position that is committed, whether or not followers may read so far yet."""

    @abstractmethod
    def count_after(self, position: int, *, at_most: int) -> int:
        """How many committed events are behind a position; counting stops at `at_most`."""

    @abstractmethod
    def count_before(self, position: int) -> int:
        """How many events are before one that followers may read already."""


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

    def count_before(self, position: int) -> int:
        """How many events are before the one at a position: its number, from 0. Raises StoreUnavailable."""
        with store_errors():
            return self._recorder.count_before(position)

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

    def stored_after(self, position: int, *, limit: int) -> list[Stored]:
        """The next events behind a position, at most `limit`. Raises StoreUnavailable."""
        with store_errors():
            notifications = self._recorder.select_notifications(
                start=position, limit=limit, inclusive_of_start=False
            )
        return [
            Stored(one.id, cast(UUID, one.originator_id), one.originator_version, one.topic, one.state)
            for one in notifications
        ]

    def slug_of(self, stream_id: UUID) -> str | None:
        """None where the first event of the stream is gone or cannot be read. Raises StoreUnavailable."""
        with store_errors():
            stored = self._recorder.select_events(stream_id, limit=1)
        try:
            return cast(MovieRegistered, self._mapper.to_domain_event(stored[0])).slug
        except Exception:  # noqa: BLE001 - whatever may be wrong with a history that somebody has changed
            return None

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
