"""Every proof convinces, and none that is wrong in anything does."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.audit.merkle import EMPTY_ROOT, leaf_hash, root_of
from application.audit.proofs import (
    TreeTooSmall,
    consistency_proof,
    inclusion_proof,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.audit import published_vectors as published
from tests.unit.audit.trees import hashes, subtrees_of, with_a_bit_flipped

MOST = 40
LEAVES = hashes(MOST)
ROOTS = [root_of(LEAVES[:size]) for size in range(MOST + 1)]
SUBTREES = subtrees_of(LEAVES)
STRANGER = hashes(1_000)[-1]


class TestInclusion:
    @pytest.mark.parametrize(("index", "size"), published.INCLUSION)
    def test_proofs_are_the_published_ones(self, index: int, size: int) -> None:
        leaves = [leaf_hash(leaf) for leaf in published.LEAVES]
        expected = published.INCLUSION[index, size]

        assert inclusion_proof(index, size, subtrees_of(leaves)) == expected
        assert verify_inclusion(leaves[index], index, size, expected, published.ROOTS[size])

    @pytest.mark.parametrize("size", range(1, MOST + 1))
    def test_every_leaf_is_proven_and_no_wrong_claim_about_it(self, size: int) -> None:
        for index in range(size):
            leaf, proof = LEAVES[index], inclusion_proof(index, size, SUBTREES)

            assert verify_inclusion(leaf, index, size, proof, ROOTS[size])
            for wrong in _broken(proof):
                assert not verify_inclusion(leaf, index, size, wrong, ROOTS[size])
            for bit in (0, 100, 255):
                assert not verify_inclusion(with_a_bit_flipped(leaf, bit), index, size, proof, ROOTS[size])
                assert not verify_inclusion(leaf, index, size, proof, with_a_bit_flipped(ROOTS[size], bit))
            for other in range(-1, size + 2):
                assert verify_inclusion(leaf, other, size, proof, ROOTS[size]) == (other == index)

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (9, 5)])
    def test_a_leaf_that_is_not_there_yet_has_no_proof(self, index: int, size: int) -> None:
        with pytest.raises(TreeTooSmall, match=f"had {size} events then; the proof needs {index + 1}"):
            inclusion_proof(index, size, SUBTREES)

    def test_nothing_is_in_the_empty_tree(self) -> None:
        assert not verify_inclusion(EMPTY_ROOT, 0, 0, [], EMPTY_ROOT)

    def test_the_children_of_the_root_as_one_long_hash_prove_nothing(self) -> None:
        children = root_of(LEAVES[:4]) + root_of(LEAVES[4:8])

        assert not verify_inclusion(b"", 0, 2, [children], ROOTS[8])


class TestConsistency:
    @pytest.mark.parametrize(("first", "second"), published.CONSISTENCY)
    def test_proofs_are_the_published_ones(self, first: int, second: int) -> None:
        leaves = [leaf_hash(leaf) for leaf in published.LEAVES]
        expected = published.CONSISTENCY[first, second]
        roots = published.ROOTS[first], published.ROOTS[second]

        assert consistency_proof(first, second, subtrees_of(leaves)) == expected
        assert verify_consistency(first, second, *roots, expected)

    @pytest.mark.parametrize("second", range(MOST + 1))
    def test_every_earlier_tree_is_proven_and_no_wrong_claim_about_it(self, second: int) -> None:
        for first in range(second + 1):
            roots, proof = (ROOTS[first], ROOTS[second]), consistency_proof(first, second, SUBTREES)

            assert verify_consistency(first, second, *roots, proof)
            for wrong in _broken(proof):
                assert not verify_consistency(first, second, *roots, wrong)
            assert not verify_consistency(first, second, with_a_bit_flipped(roots[0], 7), roots[1], proof)
            if first > 0:  # anything begins with nothing
                assert not verify_consistency(first, second, roots[0], STRANGER, proof)
            if 0 < first < second:
                for other in range(1, second + 1):
                    assert verify_consistency(other, second, *roots, proof) == (other == first)

    def test_a_tree_that_was_larger_before_has_no_proof(self) -> None:
        with pytest.raises(TreeTooSmall, match="had 5 events then; the proof needs 6"):
            consistency_proof(6, 5, SUBTREES)
        assert not verify_consistency(6, 5, ROOTS[6], ROOTS[5], [])

    @given(st.data())
    def test_a_history_with_another_past_is_never_consistent(self, data: st.DataObject) -> None:
        second = data.draw(st.integers(1, 300))
        first = data.draw(st.integers(1, second))
        changed = data.draw(st.integers(0, first - 1))
        leaves = hashes(second)
        forged = [*leaves[:changed], STRANGER, *leaves[changed + 1 :]]
        proof = consistency_proof(first, second, subtrees_of(forged))

        assert verify_consistency(first, second, root_of(forged[:first]), root_of(forged), proof)
        assert not verify_consistency(first, second, root_of(leaves[:first]), root_of(forged), proof)

    def test_all_begins_with_the_empty_tree_and_with_nothing_else_of_no_leaves(self) -> None:
        assert verify_consistency(0, 5, EMPTY_ROOT, ROOTS[5], [])
        assert not verify_consistency(0, 5, STRANGER, ROOTS[5], [])
        assert not verify_consistency(0, 0, EMPTY_ROOT, STRANGER, [])
        assert not verify_consistency(-1, 5, EMPTY_ROOT, ROOTS[5], [])

    def test_the_children_of_the_root_as_one_long_hash_prove_nothing(self) -> None:
        children = root_of(LEAVES[:4]) + root_of(LEAVES[4:8])

        assert not verify_consistency(1, 2, b"", ROOTS[8], [children])


def _broken(proof: list[bytes]) -> Iterator[list[bytes]]:
    """One bit changed in each hash, one hash too many or too few, two of them swapped."""
    for i, value in enumerate(proof):
        for bit in (0, 255):
            yield [*proof[:i], with_a_bit_flipped(value, bit), *proof[i + 1 :]]
        yield [*proof[:i], *proof[i + 1 :]]
        if i > 0:
            yield [*proof[: i - 1], value, proof[i - 1], *proof[i + 1 :]]
    yield [*proof, STRANGER]
    yield [STRANGER, *proof]
