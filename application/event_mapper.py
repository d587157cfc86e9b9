"""Stored events as the classes there are for them, also those that an older MovieMind has written.

What a newer one has written is refused. The library would take an event of a newer version for one of the
version it knows, and search the installed modules for a topic it does not.
"""

from typing import Any, Protocol
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, MapperDeserialisationError
from eventsourcing.utils import get_topic, register_topic

from application.errors import EventTooNew
from domain.events import FORMER_TOPICS, Event
from domain.movie_generation import MovieGeneration


def _kinds() -> dict[str, type[Event]]:
    """By topic. They are the aggregate's: of those it is given it makes classes of its own."""
    kinds = {kind: getattr(MovieGeneration, kind.__name__) for kind in Event.__subclasses__()}
    former = {topic: kinds[kind] for topic, kind in FORMER_TOPICS.items()}
    for topic, kind in former.items():
        register_topic(topic, kind)
    return former | {get_topic(kind): kind for kind in kinds.values()}


_KINDS = _kinds()


class StoredState(Protocol):
    """What an event is made of."""

    @property
    def originator_id(self) -> UUID | str: ...
    @property
    def originator_version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> bytes: ...


class EventMapper(Mapper[UUID]):
    def to_domain_event(self, stored_event: StoredState) -> DomainEventProtocol[UUID]:
        """The event in the newest version there is. Raises EventTooNew,
        MapperDeserialisationError."""
        kind = self.kind_of(stored_event.topic)
        try:
            state: dict[str, Any] = self.transcoder.decode(stored_event.state)
        except Exception as error:
            where = f"stream {stored_event.originator_id}, version {stored_event.originator_version}"
            raise MapperDeserialisationError(f"{kind.__name__} of {where}: {error}") from error
        version = state.pop("class_version", 1)
        if version > kind.class_version:
            raise EventTooNew(f"{stored_event.topic} of version {version}", f"version {kind.class_version}")
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        for older in range(version, kind.class_version):
            getattr(kind, f"upcast_v{older}_v{older + 1}")(state)
        event = object.__new__(kind)
        event.__dict__.update(state)  # it is frozen, and its fields are those that were written
        return event

    def kind_of(self, topic: str) -> type[Event]:
        """Raises EventTooNew."""
        try:
            return _KINDS[topic]
        except KeyError:
            raise EventTooNew(topic, "no event of that name") from None
