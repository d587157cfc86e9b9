"""The hash tree over the history: RFC 6962, section 2.1, with SHA-256.

Leaves are numbered from 0 in the order in which they came, and the root stands for all of them in that order.
A subtree is perfect when it is over 2**level leaves that begin at a multiple of 2**level. Perfect subtrees
never change while the tree grows, so their hashes can be stored, and every root and proof is made of them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256
from typing import Self

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""Hash of the perfect subtree (level, index): over 2**level leaves, the first of them index * 2**level."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The first byte tells nodes from leaves: no leaf can be written that passes for a node."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Root over leaves with these hashes; or over perfect subtrees with these, if all are of one level."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = power_of_two_below(len(hashes))
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def range_root(begin: int, end: int, subtree: Subtree) -> bytes:
    """Root over the leaves from `begin` up to, not including, `end`, as if there were no others.

    `begin` must be a multiple of every power of two up to `end - begin`, as in every range of the RFC.
    """
    return _joined([subtree(level, index) for level, index in _perfect_subtrees(begin, end)])


def power_of_two_below(size: int) -> int:
    """The largest one that is smaller than a size of 2 or more: where its tree has its left half end."""
    return 1 << (size - 1).bit_length() - 1


@dataclass(slots=True)
class Frontier:
    """What it takes to go on with a tree without its older leaves, also known as a compact range.

    `hashes` are those of the perfect subtrees that the leaves fall into, the largest first: one for every bit
    that is set in `size`.
    """

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    @classmethod
    def at(cls, size: int, subtree: Subtree) -> Self:
        return cls(size, [subtree(level, index) for level, index in _perfect_subtrees(0, size)])

    def append(self, leaf_hash: bytes) -> None:
        self.size += 1
        self.hashes.append(leaf_hash)
        for _ in range(_trailing_zeros(self.size)):
            right, left = self.hashes.pop(), self.hashes.pop()
            self.hashes.append(node_hash(left, right))

    def root(self) -> bytes:
        return _joined(self.hashes)


def _perfect_subtrees(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Level and index of those that a range of leaves falls into, the largest first."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield level, begin >> level
        begin += 1 << level


def _joined(hashes: Sequence[bytes]) -> bytes:
    """Root over perfect subtrees that stand side by side, each smaller than the one before it."""
    if not hashes:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def _trailing_zeros(size: int) -> int:
    return (size & -size).bit_length() - 1
