"""Roots are those of RFC 6962, and a frontier or stored subtrees say the same as all the leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.audit.merkle import EMPTY_ROOT, Frontier, leaf_hash, node_hash, range_root, root_of
from tests.unit.audit import published_vectors as published
from tests.unit.audit.trees import hashes, subtrees_of

SIZES = st.integers(0, 700)


def test_hashes_of_a_leaf_and_a_node_are_the_published_ones() -> None:
    assert leaf_hash(b"L123456").hex() == "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    assert node_hash(b"N123", b"N456").hex() == (
        "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb"
    )


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in published.LEAVES[:size]]

    assert root_of(leaves) == published.ROOTS[size]


def test_the_order_of_the_leaves_counts() -> None:
    first, second, *others = hashes(9)

    assert root_of([first, second, *others]) != root_of([second, first, *others])


def test_a_frontier_has_the_root_of_all_leaves_at_every_size() -> None:
    leaves, frontier = hashes(300), Frontier()
    assert frontier.root() == EMPTY_ROOT

    for size, leaf in enumerate(leaves, start=1):
        frontier.append(leaf)
        assert frontier.root() == root_of(leaves[:size])
        assert len(frontier.hashes) == size.bit_count()


@given(SIZES, SIZES)
def test_a_frontier_goes_on_from_any_size_without_the_older_leaves(size: int, more: int) -> None:
    leaves = hashes(size + more)
    frontier = Frontier.at(size, subtrees_of(leaves[:size]))
    for leaf in leaves[size:]:
        frontier.append(leaf)

    assert (frontier.size, frontier.root()) == (size + more, root_of(leaves))


@given(SIZES)
def test_a_root_is_made_of_perfect_subtrees(size: int) -> None:
    leaves = hashes(size)

    assert range_root(0, size, subtrees_of(leaves)) == root_of(leaves)
