"""The hash tree over the events of a store: how it follows them, and its root over the first of them.

The tree stands in the store, beside the events, so whoever can change those can change it as well. It shows
accidents; only what was signed and taken away shows everything (`published.py`).
"""

from abc import abstractmethod
from collections.abc import Iterator
from itertools import count

from application.audit.leaves import Leaf
from application.audit.merkle import HASH_BYTES, Subtree, range_root
from application.audit.tiles import WIDTH, ReadTile, Tile, grown_by, is_sound, subtrees_in
from application.event_log import EventLog
from application.view import View

BATCH_SIZE = 1_000
"""Events: five tiles, and a transaction of some milliseconds."""

TileKey = tuple[int, int]
"""Level and number."""


class TilesView(View[TileKey, Tile]):
    """Tiles as rows. They say of each event what it was when it was hashed, so they are never folded anew
    while there are events that they could testify to."""

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

    def root(self, size: int) -> bytes:
        """Over the first events. Raises TileIncomplete, StoreUnavailable."""
        return range_root(0, size, self.subtrees())

    def subtrees(self) -> Subtree:
        """Hashes of perfect subtrees; raises TileIncomplete, StoreUnavailable."""
        return subtrees_in(self._tiles.hashes)

    def tile(self, level: int, number: int) -> bytes:
        """Raises StoreUnavailable."""
        return self._tiles.hashes(level, number)

    def is_sound(self, size: int) -> bool:
        """Whether tiles above level 0 are made of those below. Raises StoreUnavailable."""
        return is_sound(self._tiles.hashes, size)


def leaves(log: EventLog, *, after: int = 0, sequence: int = 0) -> Iterator[Leaf]:
    """All events as the store holds them now, from the first, or behind the position of the one before
    `sequence`. Raises StoreUnavailable."""
    while stored := log.stored_after(after, limit=BATCH_SIZE):
        for one in stored:
            yield Leaf.of(one, sequence)
            sequence += 1
        after = stored[-1].position


def leaf_hashes(read_tile: ReadTile, size: int) -> Iterator[bytes]:
    """Those that a tree of a size holds, up to the first that is missing."""
    for number in range(-(-size // WIDTH)):
        hashes = read_tile(0, number)[: (size - number * WIDTH) * HASH_BYTES]
        for first in range(0, len(hashes), HASH_BYTES):
            yield hashes[first : first + HASH_BYTES]
        if len(hashes) < min(WIDTH, size - number * WIDTH) * HASH_BYTES:
            return
