r"""What the history commits to: the bytes of an event as a leaf of the hash tree.

    moviemind-event/1 SEQUENCE STREAM_ID STREAM_VERSION TOPIC_BYTES STATE_BYTES\nTOPICSTATE

A header line in ASCII, and right behind it the topic in UTF-8 and the state as it is stored, with nothing
between or after them. SEQUENCE counts all events from 0 without gaps, STREAM_VERSION those of a stream from
1; both are decimal without leading zeros, as are the lengths in bytes of what follows the line. STREAM_ID is
a UUID in lower case with hyphens.

The lengths leave one way of reading the bytes, so that no two events share a leaf. The position in the log of
a store is no part of it: a copied or restored store verifies too.
"""

from base64 import b64encode
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from application.audit import merkle
from application.event_log import Stored

FORMAT = "moviemind-event/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An event at its place in the history; `state` is what the store holds of it, byte for byte."""

    sequence: int
    stream_id: UUID
    stream_version: int
    topic: str
    state: bytes

    @classmethod
    def of(cls, stored: Stored, sequence: int) -> Self:
        return cls(
            sequence=sequence,
            stream_id=stored.originator_id,
            stream_version=stored.originator_version,
            topic=stored.topic,
            state=stored.state,
        )

    def __bytes__(self) -> bytes:
        topic = self.topic.encode()
        lengths = f"{len(topic)} {len(self.state)}"
        header = f"{FORMAT} {self.sequence} {self.stream_id} {self.stream_version} {lengths}\n"
        return header.encode() + topic + self.state

    @property
    def hash(self) -> bytes:
        return merkle.leaf_hash(bytes(self))

    def as_json(self) -> dict[str, Any]:
        """As it stands in exports and proofs, `state` in base64; docs/verify_history.py reads it."""
        return {
            "sequence": self.sequence,
            "stream_id": str(self.stream_id),
            "stream_version": self.stream_version,
            "topic": self.topic,
            "state": b64encode(self.state).decode(),
        }
