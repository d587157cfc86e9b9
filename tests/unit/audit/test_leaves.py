"""The bytes of a leaf never change their form, and say one event only."""

from base64 import b64decode
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from application.audit.leaves import Leaf

STREAM = UUID("0d5b1e8e-7c1f-5d3a-9a52-3f6a0e1c9b77")
LEAVES = st.builds(
    Leaf,
    sequence=st.integers(0, 10**19),
    stream_id=st.uuids(),
    stream_version=st.integers(1, 10**6),
    topic=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    state=st.binary(max_size=40),
)


def leaf(**changed: Any) -> Leaf:
    event: dict[str, Any] = {
        "sequence": 41,
        "stream_id": STREAM,
        "stream_version": 3,
        "topic": "movie-generation:MovieRegistered",
        "state": '{"title":"Żółw"}'.encode(),
    }
    return Leaf(**(event | changed))


def test_the_bytes_are_those_of_the_first_format_for_ever() -> None:
    assert bytes(leaf()) == (
        b"moviemind-event/1 41 0d5b1e8e-7c1f-5d3a-9a52-3f6a0e1c9b77 3 32 19\n"
        b"movie-generation:MovieRegistered"
        b'{"title":"\xc5\xbb\xc3\xb3\xc5\x82w"}'
    )


def test_the_hash_is_the_same_for_ever() -> None:
    assert leaf().hash.hex() == "ce77d2e8d7ed74ce3b9463af75bd3ad68047a819e6493612b4f2e4840fd3090b"


def test_whatever_differs_makes_another_leaf() -> None:
    changes: list[dict[str, Any]] = [
        {"sequence": 42},
        {"stream_id": UUID(int=1)},
        {"stream_version": 4},
        {"topic": "movie-generation:MovieRegistere", "state": b"d" + leaf().state},
        {"topic": ""},
        {"state": b""},
    ]

    assert len({leaf().hash, *(leaf(**change).hash for change in changes)}) == 1 + len(changes)


@given(LEAVES)
def test_the_bytes_can_be_read_back_in_one_way(event: Leaf) -> None:
    header, rest = bytes(event).split(b"\n", 1)
    _, sequence, stream_id, version, topic_bytes, state_bytes = header.decode("ascii").split(" ")
    topic, state = rest[: int(topic_bytes)], rest[int(topic_bytes) :]

    assert len(state) == int(state_bytes)
    assert event == Leaf(
        sequence=int(sequence),
        stream_id=UUID(stream_id),
        stream_version=int(version),
        topic=topic.decode(),
        state=state,
    )


@given(LEAVES)
def test_an_export_has_all_of_it(event: Leaf) -> None:
    exported = event.as_json()

    assert event == Leaf(
        sequence=exported["sequence"],
        stream_id=UUID(exported["stream_id"]),
        stream_version=exported["stream_version"],
        topic=exported["topic"],
        state=b64decode(exported["state"]),
    )
