"""Proofs about hash trees, and their verification: RFC 6962, section 2.1, and RFC 9162, section 2.1.

An inclusion proof shows that a leaf is in a tree, a consistency proof that a later tree begins with all the
leaves of an earlier one. Both are lists of hashes, about one for every doubling of the tree, and whoever
verifies one needs nothing else but the roots.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from application.audit.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Subtree,
    node_hash,
    power_of_two_below,
    range_root,
)
from domain.errors import MovieMindError


@dataclass(eq=False)
class TreeTooSmall(MovieMindError):
    """The history had {size} events then; the proof needs {needed}."""

    size: int
    needed: int


def inclusion_proof(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """For the leaf at `index` in the tree of the first `size` leaves. Raises TreeTooSmall."""
    if index >= size:
        raise TreeTooSmall(size, index + 1)
    begin, end, proof = 0, size, []
    while end - begin > 1:
        split = begin + power_of_two_below(end - begin)
        if index < split:
            proof.append(range_root(split, end, subtree))
            end = split
        else:
            proof.append(range_root(begin, split, subtree))
            begin = split
    return proof[::-1]


def consistency_proof(first_size: int, second_size: int, subtree: Subtree) -> list[bytes]:
    """That the first leaves of the second tree are those of the first. Raises TreeTooSmall.

    It is empty where there is nothing to prove: between equal trees, and from the empty one to any.
    """
    if first_size > second_size:
        raise TreeTooSmall(second_size, first_size)
    if first_size == 0:
        return []
    begin, end, proof = 0, second_size, []
    while first_size < end:
        split = begin + power_of_two_below(end - begin)
        if first_size <= split:
            proof.append(range_root(split, end, subtree))
            end = split
        else:
            proof.append(range_root(begin, split, subtree))
            begin = split
    if begin > 0:  # otherwise what is left is the first tree, whose root the verifier has
        proof.append(range_root(begin, end, subtree))
    return proof[::-1]


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size or not _are_hashes(leaf_hash, root, *proof):
        return False
    sides = list(_sides(index, size - 1))
    if len(proof) != len(sides):
        return False
    found = leaf_hash
    for sibling, is_left in zip(proof, sides, strict=True):
        found = node_hash(sibling, found) if is_left else node_hash(found, sibling)
    return found == root


def verify_consistency(
    first_size: int, second_size: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """RFC 9162, section 2.1.4.2; and every tree begins with the empty one, of which it does not speak."""
    if not 0 <= first_size <= second_size or not _are_hashes(first_root, second_root, *proof):
        return False
    if first_size == 0:
        return not proof and first_root == EMPTY_ROOT and (second_size > 0 or second_root == EMPTY_ROOT)
    if first_size == second_size:
        return not proof and first_root == second_root
    return _begins_with(first_size, second_size, first_root, second_root, proof)


def _begins_with(
    first_size: int, second_size: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """From the largest subtree at the right edge of the first tree, which both have, up to both roots."""
    is_perfect = first_size & (first_size - 1) == 0
    path = [first_root, *proof] if is_perfect else list(proof)
    node, last = first_size - 1, second_size - 1
    while node % 2 == 1:
        node, last = node >> 1, last >> 1
    sides = list(_sides(node, last))
    if len(path) != 1 + len(sides):
        return False
    first = second = path[0]
    for sibling, is_left in zip(path[1:], sides, strict=True):
        if is_left:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
        else:
            second = node_hash(second, sibling)
    return (first, second) == (first_root, second_root)


def _sides(node: int, last: int) -> Iterator[bool]:
    """Whether siblings are to the left, from a node up to the root; `last` is the last one of its level."""
    while last > 0:
        is_left = node % 2 == 1 or node == last
        yield is_left
        while is_left and node % 2 == 0 and node > 0:  # on levels where it is the last it has no sibling
            node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1


def _are_hashes(*values: bytes) -> bool:
    """With other lengths the border between two hashes could be moved in what a node is the hash of."""
    return all(len(value) == HASH_BYTES for value in values)
