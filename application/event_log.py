"""The event log as followers read it: every event of every film, in the order they were committed."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, Mapper, StoredEvent

from application.errors import EventUnreadable, first_line, store_errors
from application.movie_generations import MovieGenerations
from domain.events import Event, MovieRegistered

SLUGS_KEPT = 10_000

_ALL = 2**62


class Recorded(NamedTuple):
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
    def select_first_events(self, originator_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """The first event of each stream, in no order."""

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
        found: list[tuple[int, Event]] = []
        for stored in notifications:
            try:
                event = cast(Event, self._mapper.to_domain_event(stored))
            except Exception as error:
                if found:
                    break
                raise EventUnreadable(stored.topic, stored.id, first_line(error)) from error
            found.append((stored.id, event))
        slugs = self._slugs_of([event for _, event in found])
        return [Recorded(position, slugs[event.originator_id], event) for position, event in found]

    def _slugs_of(self, events: Sequence[Event]) -> Mapping[UUID, str]:
        """By stream; only the first event of one carries its slug."""
        if len(self._slugs) >= SLUGS_KEPT:
            self._slugs = {}
        slugs = self._slugs
        slugs.update(
            (event.originator_id, event.slug) for event in events if isinstance(event, MovieRegistered)
        )
        if unknown := {event.originator_id for event in events} - slugs.keys():
            with store_errors():
                firsts = self._recorder.select_first_events(unknown)
            for first in map(self._mapper.to_domain_event, firsts):
                slugs[first.originator_id] = cast(MovieRegistered, first).slug
        return slugs
