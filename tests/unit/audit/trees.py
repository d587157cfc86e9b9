"""Trees that tests hold whole, as lists of the hashes of their leaves."""

from functools import cache
from hashlib import sha256

from application.audit.merkle import Subtree, root_of


@cache
def _hash(number: int) -> bytes:
    return sha256(b"leaf %d" % number).digest()


def hashes(count: int) -> list[bytes]:
    """Of the first leaves of one and the same history."""
    return [_hash(number) for number in range(count)]


def subtrees_of(leaves: list[bytes]) -> Subtree:
    def subtree(level: int, index: int) -> bytes:
        begin, end = index << level, (index + 1) << level
        assert end <= len(leaves), "not a subtree of this tree"
        return root_of(leaves[begin:end])

    return subtree


def with_a_bit_flipped(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value) ^ (1 << bit)).to_bytes(len(value))
