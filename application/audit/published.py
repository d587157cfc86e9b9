"""The history as it is published outside the database: the last signed checkpoint, and the tiles below it.

They are the files of a log as C2SP's tlog-tiles has them, below one place:

    checkpoint                  the signed note, replaced by each that follows
    tile/LEVEL/NUMBER           a full tile, which never changes
    tile/LEVEL/NUMBER.p/WIDTH   one at the right edge with so many hashes

Whoever changes the events later, and the tree in the store with them, does not fit these any more; and the
tiles tell which event it was. Without them a checkpoint only tells that there is one.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from application.audit.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from application.audit.history_tree import HistoryTree, leaf_hashes
from application.audit.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, range_root
from application.audit.signed_notes import NoteMalformed, SigningKey, VerifierKey
from application.audit.tiles import HEIGHT, WIDTH, ReadTile, grown_by, subtrees_in
from domain.errors import MovieMindError

_CHECKPOINT = "checkpoint"


@dataclass(eq=False)
class PlaceUnavailable(MovieMindError):
    """The place of checkpoints {place} cannot be used: {reason}."""

    place: str
    reason: str


@dataclass(eq=False)
class HistoryChanged(MovieMindError):
    """The events are not those that were signed: {how}. Nothing was signed; run: moviemind audit verify."""

    how: str


@dataclass(eq=False)
class NothingPublished(MovieMindError):
    """No checkpoint is at {place}. If none ever was, run once: moviemind audit checkpoint --begin."""

    place: str


class CheckpointPlace(ABC):
    """Files that outlive the database; paths are relative, with slashes. As text it is shown to people."""

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """None when there is no such file. Raises PlaceUnavailable."""

    @abstractmethod
    def write(self, path: str, content: bytes) -> None:
        """Whole or not at all, in the place of what was there. Raises PlaceUnavailable."""


class PublishedHistory:
    def __init__(self, place: CheckpointPlace, key: VerifierKey) -> None:
        self._place = place
        self._key = key

    def note(self) -> str | None:
        """The last checkpoint, not yet opened. Raises PlaceUnavailable, NoteMalformed."""
        content = self._place.read(_CHECKPOINT)
        try:
            return None if content is None else content.decode()
        except UnicodeDecodeError:
            raise NoteMalformed("it is not UTF-8") from None

    def checkpoint(self) -> Checkpoint | None:
        """Raises what opening a checkpoint does, PlaceUnavailable."""
        note = self.note()
        return None if note is None else open_checkpoint(note, self._key)

    def last(self) -> Checkpoint:
        """Raises NothingPublished, what opening a checkpoint does, PlaceUnavailable."""
        checkpoint = self.checkpoint()
        if checkpoint is None:
            raise NothingPublished(str(self._place))
        return checkpoint

    def tiles(self, size: int) -> ReadTile:
        """Of the tree of a size that was published; reading one raises PlaceUnavailable."""
        return partial(self._tile, size)

    def _tile(self, size: int, level: int, number: int) -> bytes:
        width = _width(size, level, number)
        found = self._place.read(_path(level, number, width))
        if found is None and width < WIDTH:  # a later one is allowed to have taken its place
            found = self._place.read(_path(level, number, WIDTH))
        return b"" if found is None else found[: width * HASH_BYTES]

    def publish(self, tree: HistoryTree, key: SigningKey, *, begins: bool = False) -> str:
        """Sign the tree as it is now, if it continues what is published. Returns the note.

        Somebody has to say that a place `begins`: one that has lost its checkpoint looks the same. Raises
        NothingPublished, HistoryChanged, PlaceUnavailable, TileIncomplete, StoreUnavailable, and what opening
        a checkpoint does.
        """
        note = self.note()
        if note is None and not begins:
            raise NothingPublished(str(self._place))
        before = Checkpoint(key.name, 0, EMPTY_ROOT) if note is None else open_checkpoint(note, self._key)
        size, read_tile = tree.size(), cache(tree.tile)
        refuse_another_history(before, tree, size, read_tile)
        if note is not None and size == before.size:
            return note
        new = list(leaf_hashes(read_tile, size, begin=before.size))
        signed = sign_checkpoint(size, _root_of_continued(before, new, read_tile), key)
        # The tiles first: a checkpoint promises them.
        for tile in grown_by(new, before.size, read_tile):
            self._place.write(_path(tile.level, tile.number, len(tile.hashes) // HASH_BYTES), tile.hashes)
        if self.note() != note:
            raise PlaceUnavailable(str(self._place), "another process is publishing there too")
        self._place.write(_CHECKPOINT, signed.encode())
        return signed


def refuse_another_history(before: Checkpoint, tree: HistoryTree, size: int, read_tile: ReadTile) -> None:
    """Raises HistoryChanged, TileIncomplete, StoreUnavailable."""
    if size < before.size:
        raise HistoryChanged(f"there are {size}, and {before.size} were signed")
    if range_root(0, before.size, subtrees_in(read_tile)) != before.root:
        raise HistoryChanged(f"the first {before.size} are others")
    if not tree.is_whole():
        raise HistoryChanged(f"the tree in the store is over {size}, and others are there")


def _root_of_continued(before: Checkpoint, new: Sequence[bytes], read_tile: ReadTile) -> bytes:
    """Of a tree that has the root of a checkpoint, with new leaves behind.

    What was stored above the leaves is believed only as far as it made that root, from the same reads: all
    that is above the new ones is made here. Raises TileIncomplete.
    """
    frontier = Frontier.at(before.size, subtrees_in(read_tile))
    for leaf_hash in new:
        frontier.append(leaf_hash)
    return frontier.root()


def _width(size: int, level: int, number: int) -> int:
    """How many hashes a tile has in the tree of a size."""
    return max(0, min(WIDTH, (size >> (level * HEIGHT)) - number * WIDTH))


def _path(level: int, number: int, width: int) -> str:
    """The number in groups of three digits, all but the last behind an x."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    partial = f".p/{width}" if width < WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"
