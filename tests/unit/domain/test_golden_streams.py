"""Streams written by earlier versions must load for ever, and every version of every event is in one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from domain.events import FORMER_TOPICS, Event
from domain.movie_generation import MovieGeneration
from tests.golden.record import STREAMS, SUMS, as_stored, checksum, read, stored_in, story, summary
from tests.support.stored import mapper

ADVICE = "give the event a class_version and an upcaster, and record a golden stream: see CONTRIBUTING.md"


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_a_golden_stream_loads_and_means_what_it_meant(path: Path) -> None:
    golden = read(path)
    movie: MovieGeneration | None = None

    for event in stored_in(golden):
        movie = mapper().to_domain_event(event).mutate(movie)  # type: ignore[attr-defined]

    assert movie is not None
    assert summary(movie) == golden["expected"]


def test_no_golden_stream_was_changed_or_removed() -> None:
    assert "".join(map(checksum, STREAMS)) == SUMS.read_text(encoding="utf-8")


def test_every_version_of_every_event_is_in_a_golden_stream() -> None:
    recorded = {f"{mapper().kind_of(topic).__name__} {version}" for topic, version, _ in _recorded()}
    there_are = {
        f"{kind.__name__} {version}"
        for kind in Event.__subclasses__()
        for version in range(1, kind.class_version + 1)
    }

    assert there_are - recorded == set(), ADVICE


def test_every_topic_that_an_event_has_or_had_is_in_a_golden_stream() -> None:
    recorded = {topic for topic, _, _ in _recorded()}

    assert {*FORMER_TOPICS, *(vars(kind)["TOPIC"] for kind in Event.__subclasses__())} == recorded, ADVICE


def test_an_event_of_a_version_has_the_same_fields_wherever_it_was_written() -> None:
    """Also today: a field that is added, renamed or removed makes another version."""
    found = defaultdict(set)
    for topic, version, names in [*_recorded(), *_of(as_stored(story()))]:
        found[topic, version].add(names)

    assert {of: sorted(map(sorted, names)) for of, names in found.items() if len(names) > 1} == {}, ADVICE


@pytest.mark.parametrize("path", STREAMS, ids=lambda path: path.stem)
def test_whatever_its_version_an_event_is_read_with_the_fields_of_its_class(path: Path) -> None:
    """An upcaster that leaves one out would be noticed where somebody asks for it, much later."""
    for stored in stored_in(read(path)):
        event = mapper().to_domain_event(stored)

        assert vars(event).keys() == {field.name for field in fields(type(event))}, stored.topic  # type: ignore[arg-type]


def _recorded() -> Iterator[tuple[str, int, frozenset[str]]]:
    for path in STREAMS:
        yield from _of(read(path)["events"])


def _of(stored: Iterable[dict[str, Any]]) -> Iterator[tuple[str, int, frozenset[str]]]:
    """Topic, version and names of the fields of each."""
    for event in stored:
        yield event["topic"], event["state"].get("class_version", 1), frozenset(event["state"])
