"""Two tables that should hold the same, compared chunk by chunk in the order of their keys."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from application.rebuild import Difference

CHUNK = 5_000
"""Rows, of which one checksum is made."""

Key = tuple[Any, ...]
"""The values of the columns that are the key of a row."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """`last` is the key of the last of its rows."""

    rows: int
    checksum: str
    last: Key | None


@dataclass(frozen=True, slots=True)
class Record:
    """`text` is what the checksum is made of."""

    text: str
    columns: Mapping[str, Any]


class ComparedTable(ABC):
    @abstractmethod
    def chunk(self, after: Key | None, limit: int) -> Chunk:
        """Of the next rows behind a key, or from the first."""

    @abstractmethod
    def records(self, after: Key | None, limit: int) -> Mapping[Key, Record]:
        """Those rows."""


def first_difference(live: ComparedTable, folded: ComparedTable) -> Difference | None:
    after: Key | None = None
    while True:
        found, wanted = live.chunk(after, CHUNK), folded.chunk(after, CHUNK)
        if found != wanted:
            return _in_chunk(live.records(after, CHUNK), folded.records(after, CHUNK))
        if found.rows < CHUNK:
            return None
        after = found.last


def _in_chunk(live: Mapping[Key, Record], folded: Mapping[Key, Record]) -> Difference:
    for key in sorted({*live, *folded}):
        name = " ".join(map(str, key))
        if key not in folded:
            return Difference(name, None, is_extra=True)
        if key not in live:
            return Difference(name, None)
        if live[key].text != folded[key].text:
            return Difference(name, _differing(live[key].columns, folded[key].columns))
    raise AssertionError("chunks with different checksums have a row that differs")


def _differing(live: Mapping[str, Any], folded: Mapping[str, Any]) -> Sequence[str]:
    """Equal values may be written differently, as numbers and documents can be."""
    names = [name for name in {**folded, **live} if live.get(name) != folded.get(name)]
    return names or ["how a value is written"]
