"""The history as it is published outside the database: the last signed checkpoint, and the tiles below it.

They are the files of a log as C2SP's tlog-tiles has them, below one place:

    checkpoint                  the signed note, replaced by each that follows
    tile/LEVEL/NUMBER           a full tile, which never changes
    tile/LEVEL/NUMBER.p/WIDTH   one at the right edge with so many hashes

Whoever changes the events later, and the tree in the store with them, does not fit these any more; and the
tiles tell which event it was. Without them a checkpoint only tells that there is one.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from application.audit.checkpoints import Checkpoint, open_checkpoint, sign_checkpoint
from application.audit.history_tree import HistoryTree
from application.audit.merkle import HASH_BYTES
from application.audit.signed_notes import NoteMalformed, SigningKey, VerifierKey
from application.audit.tiles import HEIGHT, WIDTH, Tile
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


class Place(ABC):
    """Files that outlive the database; paths are relative, with slashes."""

    @abstractmethod
    def read(self, path: str) -> bytes | None:
        """None when there is no such file. Raises PlaceUnavailable."""

    @abstractmethod
    def write(self, path: str, content: bytes) -> None:
        """Whole or not at all, in the place of what was there. Raises PlaceUnavailable."""


class PublishedHistory:
    def __init__(self, place: Place, key: VerifierKey) -> None:
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

    def tile(self, size: int, level: int, number: int) -> bytes:
        """As it was in the tree of a size that was published; empty when it is not there.

        Raises PlaceUnavailable.
        """
        width = _width(size, level, number)
        found = self._place.read(_path(level, number, width))
        if found is None and width < WIDTH:  # a later one is allowed to have taken its place
            found = self._place.read(_path(level, number, WIDTH))
        return b"" if found is None else found[: width * HASH_BYTES]

    def publish(self, tree: HistoryTree, key: SigningKey) -> str:
        """Sign the tree as it is now, if it continues what is published already. Returns the note.

        Raises HistoryChanged, PlaceUnavailable, TileIncomplete, StoreUnavailable, and what opening a
        checkpoint does.
        """
        before, size = self.checkpoint(), tree.size()
        if before is not None:
            refuse_another_history(before, tree, size)
        note = sign_checkpoint(size, tree.root(size), key)
        if before is None or before.size < size:
            # The tiles first: a checkpoint promises them.
            for tile in _tiles_between(before.size if before else 0, size, tree):
                self._place.write(_path(tile.level, tile.number, len(tile.hashes) // HASH_BYTES), tile.hashes)
            self._place.write(_CHECKPOINT, note.encode())
        return note


def refuse_another_history(before: Checkpoint, tree: HistoryTree, size: int) -> None:
    """Raises HistoryChanged, TileIncomplete, StoreUnavailable."""
    if size < before.size:
        raise HistoryChanged(f"there are {size}, and {before.size} were signed")
    if tree.root(before.size) != before.root:
        raise HistoryChanged(f"the first {before.size} are others")


def _tiles_between(begin: int, size: int, tree: HistoryTree) -> Iterator[Tile]:
    """Those of the tree of a size that the one of its first `begin` leaves does not have.

    Raises TileIncomplete.
    """
    subtree, level = tree.subtrees(), 0
    while size:
        for number in range(begin // WIDTH, -(-size // WIDTH)):
            hashes = (number * WIDTH + i for i in range(min(WIDTH, size - number * WIDTH)))
            yield Tile(level, number, b"".join(subtree(level * HEIGHT, index) for index in hashes))
        level, begin, size = level + 1, begin // WIDTH, size // WIDTH


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
