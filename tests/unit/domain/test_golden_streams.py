"""Streams written by earlier versions must load for ever."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from domain.movie_generation import MovieGeneration
from tests.golden.record import FOLDER, as_stored, story, summary
from tests.support.stored import mapper

TOPICS = FOLDER.parent / "architecture" / "event_topics.txt"
GOLDEN = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_golden_stream_loads_and_means_what_it_meant(path: Path) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))

    movie = _replayed(golden["events"])

    assert summary(movie) == golden["expected"]


def test_golden_streams_hold_every_event_there_is() -> None:
    recorded = {
        event["topic"] for path in GOLDEN for event in json.loads(path.read_text(encoding="utf-8"))["events"]
    }

    assert sorted(recorded) == TOPICS.read_text(encoding="utf-8").split()


def test_todays_events_have_the_fields_of_the_newest_golden_stream() -> None:
    """An event that changes its fields needs a `class_version`, an upcaster and a new golden stream."""
    newest = json.loads(GOLDEN[-1].read_text(encoding="utf-8"))["events"]

    assert _fields(as_stored(story())) == _fields(newest)


def _replayed(stored: list[dict[str, Any]]) -> MovieGeneration:
    movie: MovieGeneration | None = None
    for event in stored:
        found = mapper().to_domain_event(
            StoredEvent(
                originator_id=UUID(event["originator_id"]),
                originator_version=event["originator_version"],
                topic=event["topic"],
                state=json.dumps(event["state"]).encode(),
            )
        )
        movie = found.mutate(movie)  # type: ignore[attr-defined]
    assert movie is not None
    return movie


def _fields(stored: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {event["topic"]: sorted(event["state"]) for event in stored}
