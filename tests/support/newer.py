"""What a newer MovieMind writes into a store: events of a version, or under a topic, not known here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from application.movie_generations import MovieGenerations
from domain.movie_generation import MovieGeneration, stream_id

TRANSLATED = "movie-generation:DescriptionTranslated"
CORRECTED = "movie-generation:MovieFactsCorrected"


@contextmanager
def upgraded(event: str = "MovieFactsCorrected") -> Iterator[None]:
    """This process is of the newer version while the block runs: it knows version 2 of an event."""

    def upcast_v1_v2(state: dict[str, Any]) -> None:
        """Nothing was added."""

    kind = getattr(MovieGeneration, event)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kind, "class_version", 2)
        patch.setattr(kind, "upcast_v1_v2", staticmethod(upcast_v1_v2), raising=False)
        yield


def append_unknown(slug: str, *, generations: MovieGenerations, topic: str = TRANSLATED) -> None:
    """To the end of a film's stream."""
    length = len(list(generations.events.get(stream_id(slug))))
    event = StoredEvent(stream_id(slug), length + 1, topic, b'{"locale": "pl-PL"}')
    generations.recorder.insert_events([event])
