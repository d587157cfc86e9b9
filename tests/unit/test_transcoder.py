"""Events are read as the library's own transcoder reads them, only sooner."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    JSONTranscoder,
    Mapper,
    MapperDeserialisationError,
    StoredEvent,
    TranscodingNotRegisteredError,
    UUIDAsHex,
)
from eventsourcing.utils import get_topic

from application.event_mapper import EventMapper
from domain.movie_generation import MovieGeneration
from infrastructure.transcoder import QuickTranscoder
from tests.golden.record import FOLDER

GOLDEN = sorted(FOLDER.glob("version-*.json"))


def of_kind(kind: type[JSONTranscoder]) -> JSONTranscoder:
    transcoder = kind()
    for transcoding in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO()):
        transcoder.register(transcoding)
    return transcoder


THEIRS, OURS = of_kind(JSONTranscoder), of_kind(QuickTranscoder)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_streams_are_the_same_events_whoever_reads_them(path: Path) -> None:
    for event in json.loads(path.read_text(encoding="utf-8"))["events"]:
        stored = StoredEvent(
            originator_id=UUID(event["originator_id"]),
            originator_version=event["originator_version"],
            topic=event["topic"],
            state=json.dumps(event["state"], ensure_ascii=False).encode(),
        )
        theirs, ours = (one.to_domain_event(stored) for one in (Mapper[UUID](THEIRS), EventMapper(OURS)))
        assert type(ours) is type(theirs)
        assert told(vars(ours)) == told(vars(theirs))


def test_of_an_event_that_is_no_json_it_is_told_where_it_stands() -> None:
    stream = UUID(int=7)
    stored = StoredEvent(stream, 3, get_topic(MovieGeneration.DescriptionWithdrawn), b"{")

    with pytest.raises(
        MapperDeserialisationError, match=f"DescriptionWithdrawn of stream {stream}, version 3"
    ):
        EventMapper(OURS).to_domain_event(stored)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1, -0, 1.0, 1e400, 0.1, NaN, -Infinity, 12345678901234567890123, true, null]",
        r'["\u0000 \ud83c\udfac", "é\u2028\\", "\ud800"]',
        '{"a": 1, "a": 2, "b": [{"c": [[]]}]}',
        '{"_type_": "uuid_hex", "_data_": "0123456789abcdef0123456789abcdef"}',
        '[{"a": [{"_type_": "decimal_str", "_data_": "1.50"}]}, []]',
        '{"a": {"_type_": "uuid_hex", "_data_": "01234567-89ab-cdef-0123-456789abcdef"}}',
        '{"a": {"_type_": "datetime_iso", "_data_": "2026-01-02T03:04:05.000006+00:00"}}',
        '{"a": {"_type_": "uuid_hex", "_data_": "0123456789abcdef0123456789abcdef", "more": 1}}',
        '{"a": {"_type_": 1, "b": 2}}',
        '{"a": {"_data_": "x", "b": {"_type_": "uuid_hex", "_data_": "0123456789abcdef0123456789abcdef"}}}',
    ],
)
def test_all_that_json_can_hold_is_read_alike(text: str) -> None:
    assert told(OURS.decode(text.encode())) == told(THEIRS.decode(text.encode()))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{", ValueError),
        ('{"a": {"_type_": "uuid_hex", "_data_": "no id"}}', ValueError),
        ('{"a": {"_type_": "uuid_hex", "_data_": "-123456789abcdef0123456789abcdef"}}', ValueError),
        ('{"a": {"_type_": "uuid_hex", "_data_": "-0000000000000000000000000000000"}}', ValueError),
        ('{"a": {"_type_": "unheard_of", "_data_": "1"}}', TranscodingNotRegisteredError),
    ],
)
def test_what_the_library_refuses_is_refused(text: str, error: type[Exception]) -> None:
    for transcoder in (THEIRS, OURS):
        with pytest.raises(error):
            transcoder.decode(text.encode())


def told(value: Any) -> str:
    """With the types and the order of everything in it; a NaN is equal to none."""
    return repr(value)
