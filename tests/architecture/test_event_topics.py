"""Topics are names in everybody's event stores: they are added to, never changed."""

from pathlib import Path

from domain import events
from domain.events import FORMER_TOPICS, Event
from domain.movie_generation import MovieGeneration

COMMITTED = Path(__file__).with_name("event_topics.txt")


def test_topics_are_those_that_were_committed() -> None:
    found = [*FORMER_TOPICS, *(vars(kind)["TOPIC"] for kind in _events())]

    assert sorted(found) == COMMITTED.read_text(encoding="utf-8").split()


def test_the_aggregate_has_a_topic_of_its_own() -> None:
    assert MovieGeneration.TOPIC == "movie-generation"


def test_every_topic_is_named_after_its_event() -> None:
    for kind in _events():
        assert vars(kind)["TOPIC"] == f"movie-generation:{kind.__name__}"


def _events() -> list[type[Event]]:
    """Every event class; one without a TOPIC of its own is a KeyError in the tests above."""
    return [
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    ]
