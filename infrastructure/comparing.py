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


class ComparedTable(ABC):
    @abstractmethod
    def chunk(self, after: Key | None, limit: int) -> Chunk:
        """Of the next rows behind a key, or from the first."""

    @abstractmethod
    def records(self, after: Key | None, limit: int) -> Mapping[Key, Mapping[str, Any]]:
        """Those rows, column by column."""


def first_difference(live: ComparedTable, folded: ComparedTable) -> Difference | None:
    after: Key | None = None
    while True:
        found, wanted = live.chunk(after, CHUNK), folded.chunk(after, CHUNK)
        if found != wanted:
            return _in_chunk(live.records(after, CHUNK), folded.records(after, CHUNK))
        if found.rows < CHUNK:
            return None
        after = found.last


def _in_chunk(live: Mapping[Key, Mapping[str, Any]], folded: Mapping[Key, Mapping[str, Any]]) -> Difference:
    for key in sorted({*live, *folded}):
        name = " ".join(map(str, key))
        if key not in folded:
            return Difference(name, None, is_extra=True)
        if key not in live:
            return Difference(name, None)
        if columns := _differing(live[key], folded[key]):
            return Difference(name, columns)
    raise AssertionError("chunks with different checksums have a row that differs")


def _differing(live: Mapping[str, Any], folded: Mapping[str, Any]) -> Sequence[str]:
    return [name for name in {**folded, **live} if live.get(name) != folded.get(name)]
