"""Stored tiles say the same as all leaves, however the leaves came."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from application.audit.merkle import Frontier, Subtree, range_root, root_of
from application.audit.proofs import consistency_proof, inclusion_proof
from application.audit.tiles import Tile, TileIncomplete, grown_by, subtrees_in
from tests.unit.audit.trees import hashes, subtrees_of

MANY = 66_000
"""More than 256 full tiles of level 0, so that there is a level 2."""


class Store:
    """A table of tiles."""

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, number: int) -> bytes:
        return self.rows.get((level, number), b"")

    def append(self, leaves: list[bytes], size: int) -> list[Tile]:
        written = list(grown_by(leaves, size, self.read))
        self.rows |= {(tile.level, tile.number): tile.hashes for tile in written}
        return written

    @property
    def subtrees(self) -> Subtree:
        return subtrees_in(self.read)


def stored(count: int) -> Store:
    store = Store()
    store.append(hashes(count), 0)
    return store


@pytest.fixture(scope="module")
def large() -> Store:
    return stored(MANY)


@given(st.lists(st.integers(0, 600), max_size=5))
@example([255, 1, 1, 255, 256])
@example([256, 512, 255])
def test_tiles_are_the_same_whatever_batches_the_leaves_come_in(batches: list[int]) -> None:
    store, size, leaves = Store(), 0, hashes(sum(batches))
    for batch in batches:
        store.append(leaves[size : size + batch], size)
        size += batch

    assert store.rows == stored(size).rows
    assert range_root(0, size, store.subtrees) == root_of(leaves)


def test_tiles_are_where_tlog_tiles_has_them(large: Store) -> None:
    leaves, (full, partial) = hashes(MANY), divmod(MANY, 256)

    assert len(large.rows) == full + 1 + 2 + 1
    assert len(large.rows[0, full]) == 32 * partial
    assert large.rows[1, 0] == b"".join(root_of(leaves[i : i + 256]) for i in range(0, 256 * 256, 256))
    assert len(large.rows[1, 1]) == 32 * (full - 256)
    assert large.rows[2, 0] == root_of(leaves[: 256 * 256])


def test_one_leaf_writes_one_tile_and_where_it_fills_one_another_above() -> None:
    store = stored(254)

    assert [(tile.level, tile.number) for tile in store.append(hashes(255)[254:], 254)] == [(0, 0)]
    assert [(tile.level, tile.number) for tile in store.append(hashes(256)[255:], 255)] == [(0, 0), (1, 0)]
    assert [(tile.level, tile.number) for tile in store.append(hashes(257)[256:], 256)] == [(0, 1)]


def test_no_leaves_write_nothing() -> None:
    assert stored(300).append([], 300) == []


def test_full_tiles_are_not_written_again() -> None:
    written = stored(1_000).append(hashes(1_100)[1_000:], 1_000)

    assert [(tile.level, tile.number) for tile in written] == [(0, 3), (0, 4), (1, 0)]


@given(st.data())
def test_every_perfect_subtree_is_found_in_tiles(large: Store, data: st.DataObject) -> None:
    level = data.draw(st.integers(0, MANY.bit_length() - 1))
    index = data.draw(st.integers(0, (MANY >> level) - 1))

    assert large.subtrees(level, index) == subtrees_of(hashes(MANY))(level, index)


@given(st.data())
def test_proofs_for_any_older_tree_are_made_from_tiles_of_a_newer_one(
    large: Store, data: st.DataObject
) -> None:
    size = data.draw(st.integers(1, 2_000))
    index = data.draw(st.integers(0, size - 1))
    whole = subtrees_of(hashes(size))

    assert inclusion_proof(index, size, large.subtrees) == inclusion_proof(index, size, whole)
    assert consistency_proof(index, size, large.subtrees) == consistency_proof(index, size, whole)


def test_a_follower_goes_on_from_tiles(large: Store) -> None:
    frontier = Frontier.at(MANY - 1, large.subtrees)
    frontier.append(hashes(MANY)[-1])

    assert frontier.root() == range_root(0, MANY, large.subtrees)


def test_a_proof_reads_a_tile_once(large: Store) -> None:
    reads: list[tuple[int, int]] = []

    def read(level: int, number: int) -> bytes:
        reads.append((level, number))
        return large.read(level, number)

    inclusion_proof(40_000, MANY, subtrees_in(read))

    assert len(reads) == len(set(reads)) <= 6


@pytest.mark.parametrize("left", [b"", bytes(43 * 32), bytes(44 * 32 - 1)])
def test_a_tile_that_is_missing_or_cut_short_is_told(left: bytes) -> None:
    store = stored(300)
    store.rows[0, 1] = left

    with pytest.raises(TileIncomplete, match="missing from tile 1 of level 0"):
        range_root(0, 300, store.subtrees)
    with pytest.raises(TileIncomplete, match="missing from tile 1 of level 0"):
        store.append(hashes(301)[300:], 300)
