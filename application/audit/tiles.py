"""The hash tree as rows to store: tiles of up to 256 hashes, laid out as C2SP's tlog-tiles has them.

A tile of level 0 holds the hashes of 256 leaves; one of level 1 the roots of 256 full tiles of level 0, and
so on: a million events make 3,924 tiles. A tile is its hashes one after another, 8 KiB when it is full. A
full tile never changes, and a hash stays in the place it once has, so that a proof for an older tree can be
made from the tiles of a newer one.

A table `merkle_tiles (level, number, hashes)` can hold them. To append a batch of leaves is to write the tile
at the right edge, those that the batch begins, and, where one became full, a tile of the level above.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

from application.audit.merkle import HASH_BYTES, Subtree, root_of
from domain.errors import MovieMindError

HEIGHT = 8

WIDTH = 1 << HEIGHT
"""How many hashes a full tile holds."""

ReadTile = Callable[[int, int], bytes]
"""The hashes of the tile (level, number); empty when there is no such tile."""


@dataclass(eq=False)
class TileIncomplete(MovieMindError):
    """The stored hash tree is damaged: hashes are missing from tile {number} of level {level}."""

    level: int
    number: int


@dataclass(frozen=True, slots=True)
class Tile:
    """`number` counts the tiles of a level from 0; `hashes` are 1 to 256 of 32 bytes each."""

    level: int
    number: int
    hashes: bytes


def subtrees_in(read_tile: ReadTile) -> Subtree:
    """The hash of any perfect subtree, from stored tiles; each is read once. Raises TileIncomplete."""
    read = cache(read_tile)

    def subtree(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        number, first = divmod(index << height, WIDTH)
        end = first + (1 << height)
        return root_of(_hashes(tile_level, number, end, read)[first:])

    return subtree


def grown_by(leaf_hashes: Sequence[bytes], size: int, read_tile: ReadTile) -> Iterator[Tile]:
    """The tiles to write when leaves are appended to a tree of `size`. Raises TileIncomplete."""
    level, hashes = 0, list(leaf_hashes)
    while hashes:
        number, held = divmod(size, WIDTH)
        hashes = [*_hashes(level, number, held, read_tile), *hashes]
        tiles = [hashes[first : first + WIDTH] for first in range(0, len(hashes), WIDTH)]
        yield from (Tile(level, number + i, b"".join(tile)) for i, tile in enumerate(tiles))
        hashes = [root_of(tile) for tile in tiles if len(tile) == WIDTH]
        level, size = level + 1, number


def is_sound(read_tile: ReadTile, size: int) -> bool:
    """Whether all tiles of a tree of a size are there, and their hashes those of the tiles below them."""
    level, below = 0, list[bytes]()
    try:
        while size:
            full, held = divmod(size, WIDTH)
            tiles = [_hashes(level, number, WIDTH, read_tile) for number in range(full)]
            edge = _hashes(level, full, held, read_tile)
            if level and [*chain.from_iterable(tiles), *edge] != below:
                return False
            level, size, below = level + 1, full, [root_of(tile) for tile in tiles]
    except TileIncomplete:
        return False
    return True


def _hashes(level: int, number: int, count: int, read_tile: ReadTile) -> list[bytes]:
    """The first of a tile. It may hold more: they are of a later tree."""
    stored = read_tile(level, number)
    if len(stored) < count * HASH_BYTES:
        raise TileIncomplete(level, number)
    return [stored[i * HASH_BYTES : (i + 1) * HASH_BYTES] for i in range(count)]
