"""The event log as followers read it: every event of every film, in the order they were committed."""

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from application.errors import EventUnreadable, first_line, store_errors
from application.event_mapper import EventMapper
from application.movie_generations import MovieGenerations
from domain.events import Event, MovieRegistered

SLUGS_KEPT = 10_000
FIRST_IS_MISSING = "the first event of its film is missing"

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


class Stored(NamedTuple):
    """An event as the store holds it, whether or not it can be read. A stream whose id is not written as ids
    are has the nil UUID."""

    position: int
    originator_id: UUID
    originator_version: int
    topic: str
    state: bytes


class LogRecorder(ApplicationRecorder):
    """What following a log needs beyond the library's recorder."""

    @abstractmethod
    def committed_head(self) -> int | None:
        """The newest position that is committed, whether or not followers may read so far yet."""

    @abstractmethod
    def select_stored(self, position: int, limit: int, *, settled: bool) -> list[Stored]:
        """What is stored behind a position, of whatever types it is: `settled` events, between which none can
        appear any more, or all that are committed."""

    @abstractmethod
    def select_first_events(self, originator_ids: Collection[UUID]) -> Sequence[StoredEvent]:
        """The event of version 1 of each stream that has one, in no order."""

    @abstractmethod
    def count_after(self, position: int, *, at_most: int) -> int:
        """How many committed events are behind a position; counting stops at `at_most`."""

    @abstractmethod
    def count_before(self, position: int) -> int:
        """How many events are before one that followers may read already."""


class EventLog:
    def __init__(self, generations: MovieGenerations) -> None:
        self._recorder = cast(LogRecorder, generations.recorder)
        self._mapper = cast(EventMapper, generations.mapper)
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
        """The next events behind a position, at most `limit`, as `read` has them. Raises what it does."""
        return self.read(self.stored_after(position, limit=limit))

    def read(self, stored: Sequence[Stored]) -> list[Recorded]:
        """Events up to one that cannot be read, or whose film has no first event to be read. Raises
        StoreUnavailable, and EventUnreadable when that is the first."""
        events, unreadable = self._read(stored)
        slugs, reasons = self._slugs_of(events)
        found: list[Recorded] = []
        for one, event in zip(stored, events, strict=False):
            slug = slugs.get(event.originator_id)
            if slug is None:
                because = reasons.get(event.originator_id, FIRST_IS_MISSING)
                unreadable = EventUnreadable(one.topic, one.position, because)
                break
            found.append(Recorded(one.position, slug, event))
        if unreadable is not None and not found:
            raise unreadable
        return found

    def _read(self, stored: Sequence[Stored]) -> tuple[list[Event], EventUnreadable | None]:
        """Events up to the first that cannot be read, and why."""
        events: list[Event] = []
        for one in stored:
            try:
                events.append(cast(Event, self._mapper.to_domain_event(one)))
            except Exception as error:  # noqa: BLE001 - told, and the event is not skipped
                return events, EventUnreadable(one.topic, one.position, first_line(error))
        return events, None

    def _slugs_of(self, events: Sequence[Event]) -> tuple[Mapping[UUID, str], Mapping[UUID, str]]:
        """By stream, and why others have none. Only the first event of a stream carries its slug, and it may
        not be one that can be read."""
        if len(self._slugs) >= SLUGS_KEPT:
            self._slugs = {}
        slugs = self._slugs  # of all threads, so that it is asked and added to, and never walked
        unknown: set[UUID] = set()
        for event in events:
            if event.originator_id not in slugs:
                if isinstance(event, MovieRegistered):
                    slugs[event.originator_id] = event.slug
                else:
                    unknown.add(event.originator_id)
        reasons: dict[UUID, str] = {}
        if unknown:
            with store_errors():
                firsts = self._recorder.select_first_events(unknown)
            for first in firsts:
                stream = cast(UUID, first.originator_id)
                try:
                    slugs[stream] = self._slug(first)
                except Exception as error:  # noqa: BLE001 - told with the first event that needs it
                    reasons[stream] = first_line(error)
        return slugs, reasons

    def _slug(self, first: StoredEvent) -> str:
        return cast(MovieRegistered, self._mapper.to_domain_event(first)).slug

    def stored_after(self, position: int, *, limit: int, settled: bool = True) -> list[Stored]:
        """The next events behind a position, at most `limit`: those between which none can appear any more,
        or all that are committed. Raises StoreUnavailable."""
        with store_errors():
            return self._recorder.select_stored(position, limit, settled=settled)

    def slug_of(self, stream_id: UUID) -> str | None:
        """None where the first event of the stream is gone or cannot be read. Raises StoreUnavailable."""
        with store_errors():
            firsts = self._recorder.select_first_events({stream_id})
        try:
            return self._slug(*firsts)
        except Exception:  # noqa: BLE001 - whatever may be wrong with a history that somebody has changed
            return None
