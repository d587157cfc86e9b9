"""The hash tree over the events of a store: how it follows them, and its root over the first of them.

The tree stands in the store, beside the events, so whoever can change those can change it as well. It shows
accidents; only what was signed and taken away shows everything (`published.py`).
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import count

from application.audit.leaves import Leaf
from application.audit.merkle import HASH_BYTES, range_root
from application.audit.tiles import WIDTH, ReadTile, Tile, grown_by, is_sound, subtrees_in
from application.event_log import EventLog
from application.view import View

BATCH_SIZE = 1_000
"""Events: five tiles, and a transaction of some milliseconds."""

_BEFORE_ALL = -(2**63)
"""Positions begin at 1; a row below them is found in its stream, and by no follower."""

TileKey = tuple[int, int]
"""Level and number."""


class TilesView(View[TileKey, Tile]):
    """Tiles as rows. They say of each event what it was when it was hashed; made anew, they say what it is
    then, which is why the ones that count are those that were published."""

    name = "merkle_tiles"
    version = 1

    @abstractmethod
    def hashes(self, level: int, number: int) -> bytes:
        """Of a tile; empty when there is none. Raises StoreUnavailable."""

    @abstractmethod
    def size(self) -> int:
        """How many events are in the tree. Raises StoreUnavailable."""


class HistoryTree:
    def __init__(self, log: EventLog, tiles: TilesView) -> None:
        self._log = log
        self._tiles = tiles

    def step(self) -> int:
        """Take in the next events. Returns how many there were.

        Raises ViewMoved when another process does the same, TileIncomplete, StoreUnavailable.
        """
        position = self._tiles.position()
        stored = self._log.stored_after(position, limit=BATCH_SIZE)
        if not stored:
            return 0
        # After the position: who finds the view at it then has the size that goes with it.
        size = self._tiles.size()
        hashes = [Leaf.of(one, sequence).hash for one, sequence in zip(stored, count(size), strict=False)]
        tiles = list(grown_by(hashes, size, self._tiles.hashes))
        with self._tiles.writing(after=position, up_to=stored[-1].position) as rows:
            for tile in tiles:
                rows.put(tile)
        return len(stored)

    def size(self) -> int:
        """Raises StoreUnavailable."""
        return self._tiles.size()

    def is_whole(self) -> bool:
        """Whether it is over all events that it has followed. Raises StoreUnavailable."""
        position, size = self._tiles.position(), self._tiles.size()
        return size == self._log.count_before(position + 1) or position != self._tiles.position()

    def root(self, size: int) -> bytes:
        """Over the first events. Raises TileIncomplete, StoreUnavailable."""
        return range_root(0, size, subtrees_in(self._tiles.hashes))

    def tile(self, level: int, number: int) -> bytes:
        """Raises StoreUnavailable."""
        return self._tiles.hashes(level, number)

    def is_sound(self, size: int) -> bool:
        """Whether tiles above level 0 are made of those below. Raises StoreUnavailable."""
        return is_sound(self._tiles.hashes, size)


def leaves(log: EventLog) -> Iterator[Leaf]:
    """All events as the store holds them now, also those that nobody follows. Raises StoreUnavailable."""
    after, sequence = _BEFORE_ALL, 0
    while stored := log.stored_after(after, limit=BATCH_SIZE, settled=False):
        for one in stored:
            yield Leaf.of(one, sequence)
            sequence += 1
        after = stored[-1].position


def leaf_hashes(read_tile: ReadTile, size: int, *, begin: int = 0) -> Iterator[bytes]:
    """Those that a tree of a size holds from a leaf on, up to the first that is missing."""
    for number in range(begin // WIDTH, -(-size // WIDTH)):
        hashes = read_tile(0, number)[: (size - number * WIDTH) * HASH_BYTES]
        for first in range(max(0, begin - number * WIDTH) * HASH_BYTES, len(hashes), HASH_BYTES):
            yield hashes[first : first + HASH_BYTES]
        if len(hashes) < min(WIDTH, size - number * WIDTH) * HASH_BYTES:
            return
