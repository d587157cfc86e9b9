"""Are the events those that were signed? And if not, which is the first that is not?

All stored bytes are read and hashed anew; the tree in the store is not believed, only compared. What was
signed decides. Which event is the first that was changed can be told where the hashes of single events were
kept: in the tiles that were published, or else in the store, unless those were changed as well.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from application.audit.checkpoints import Checkpoint
from application.audit.history_tree import HistoryTree, leaf_hashes, leaves
from application.audit.leaves import Leaf
from application.audit.merkle import Frontier
from application.audit.tiles import ReadTile
from application.event_log import EventLog


class Kind(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    REORDERED = "reordered"
    CUT_OFF = "cut-off"
    SOMEWHERE = "somewhere"
    FORKED = "forked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """The first event that is not as it was. `sequence` is its place in the history, `found` what stands
    there now, None where nothing does. `events` is how many are missing, inserted, or out of their place.

    SOMEWHERE: one of `events` from `sequence` on, and the hashes of single events that would tell which are
    gone or were changed as well. FORKED: another checkpoint fits, so the key has signed two histories.
    """

    kind: Kind
    sequence: int
    events: int = 1
    found: Leaf | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`events` were read, of which the first `signed` are those of a checkpoint. All that are in the tree in
    the store are those that it was made of, unless there is a `tampering`, or `is_tree_damaged`: then the
    signed ones are right all the same, and the tree has to be made anew."""

    events: int
    signed: int
    tampering: Tampering | None = None
    is_tree_damaged: bool = False


Progress = Callable[[int], None]


def verify_history(
    log: EventLog,
    tree: HistoryTree,
    checkpoints: Sequence[Checkpoint],
    *,
    published: Callable[[int], ReadTile] | None = None,
    progress: Progress = lambda _: None,
) -> Verified:
    """`checkpoints` are what was signed; `published` gives the tiles of a tree of some size, where there are.

    Raises StoreUnavailable, PlaceUnavailable.
    """
    in_tree = tree.size()
    reading = _Reading(leaf_hashes(tree.tile, in_tree), in_tree, {one.size for one in checkpoints})
    for leaf in leaves(log):
        reading.take(leaf)
        progress(1)
    by_size = sorted(checkpoints, key=lambda one: one.size)
    fitting = [one.size for one in by_size if reading.roots.get(one.size) == one.root]
    for one in by_size:
        if reading.roots.get(one.size) != one.root:
            verified = max((size for size in fitting if size < one.size), default=0)
            hashes = _hashes_of(one, by_size[-1].size, tree, in_tree, published)
            tampering = _somewhere(verified, one) if hashes is None else _first_change(log, hashes)
            if any(size >= one.size for size in fitting):
                tampering = replace(tampering, kind=Kind.FORKED)
            return Verified(events=reading.size, signed=verified, tampering=tampering)
    signed = by_size[-1].size if by_size else 0
    if reading.fits_the_tree:
        is_damaged = not (tree.is_whole() and tree.is_sound(in_tree))
        return Verified(events=reading.size, signed=signed, is_tree_damaged=is_damaged)
    hashes = list(leaf_hashes(tree.tile, in_tree))
    differs_at = reading.differs_at if reading.differs_at is not None else reading.size
    is_fault_of_tree = differs_at < signed or differs_at >= len(hashes)
    if is_fault_of_tree:
        return Verified(events=reading.size, signed=signed, is_tree_damaged=True)
    return Verified(events=reading.size, signed=signed, tampering=_name(log, differs_at, hashes))


class _Reading:
    """Roots at the sizes that were signed, and where the events first differ from those of a tree."""

    def __init__(self, hashes_of_tree: Iterator[bytes], size_of_tree: int, sizes: set[int]) -> None:
        self._hashes_of_tree = hashes_of_tree
        self._size_of_tree = size_of_tree
        self._sizes = sizes
        self._frontier = Frontier()
        self.roots = {0: self._frontier.root()}
        self.differs_at: int | None = None

    @property
    def size(self) -> int:
        return self._frontier.size

    @property
    def fits_the_tree(self) -> bool:
        return self.differs_at is None and self.size >= self._size_of_tree

    def take(self, leaf: Leaf) -> None:
        hash_ = leaf.hash
        is_in_tree = self.size < self._size_of_tree
        if is_in_tree and self.differs_at is None and next(self._hashes_of_tree, None) != hash_:
            self.differs_at = leaf.sequence
        self._frontier.append(hash_)
        if self.size in self._sizes:
            self.roots[self.size] = self._frontier.root()


def _hashes_of(
    checkpoint: Checkpoint,
    last_size: int,
    tree: HistoryTree,
    in_tree: int,
    published: Callable[[int], ReadTile] | None,
) -> Sequence[bytes] | None:
    """Those of single events, as they were when a checkpoint was signed; the tree in the store tells also of
    the events behind. None where nothing holds them that has the root that was signed."""
    hashes = list(leaf_hashes(tree.tile, in_tree))
    if _root(hashes[: checkpoint.size]) == checkpoint.root:
        return hashes
    if published is not None:
        for size in (checkpoint.size, last_size):
            hashes = list(leaf_hashes(published(size), checkpoint.size))
            if _root(hashes) == checkpoint.root:
                return hashes
    return None


def _somewhere(verified: int, checkpoint: Checkpoint) -> Tampering:
    return Tampering(kind=Kind.SOMEWHERE, sequence=verified, events=checkpoint.size - verified)


def _first_change(log: EventLog, hashes: Sequence[bytes]) -> Tampering:
    return _name(log, _first_difference(log, hashes), hashes)


def _first_difference(log: EventLog, hashes: Sequence[bytes]) -> int:
    """Where the events are others, or end."""
    sequence = 0
    for leaf, hash_ in zip(leaves(log), hashes, strict=False):
        if leaf.hash != hash_:
            break
        sequence += 1
    return sequence


def _root(hashes: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for one in hashes:
        frontier.append(one)
    return frontier.root()


def _name(log: EventLog, sequence: int, hashes: Sequence[bytes]) -> Tampering:
    """What has happened at the first event that is not the one with its hash.

    An event is recognised also in another place, by the hash that it would have there.
    """
    rest = islice(leaves(log), sequence, None)
    here = next(rest, None)
    if here is None:
        return Tampering(kind=Kind.CUT_OFF, sequence=sequence, events=len(hashes) - sequence)
    belongs_at = next(
        (place for place in range(sequence + 1, len(hashes)) if _fits(here, place, hashes)), None
    )
    wanted_at = next((leaf.sequence for leaf in rest if _fits(leaf, sequence, hashes)), None)
    if wanted_at and belongs_at:
        kind, events = Kind.REORDERED, wanted_at - sequence
    elif wanted_at:
        kind, events = Kind.INSERTED, wanted_at - sequence
    elif belongs_at:
        kind, events = Kind.MISSING, belongs_at - sequence
    else:
        kind, events = Kind.ALTERED, 1
    return Tampering(kind=kind, sequence=sequence, events=events, found=here)


def _fits(leaf: Leaf, place: int, hashes: Sequence[bytes]) -> bool:
    return place < len(hashes) and replace(leaf, sequence=place).hash == hashes[place]
