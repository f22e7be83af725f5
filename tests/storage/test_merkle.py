import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.merkle import Proof, leaf_hash, prove, proves, root

some_leaves = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word: k is the largest power of two smaller than n."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def audit_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*audit_path(index, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(index - k, leaves[k:]), mth(leaves[:k])]


# Leaves and roots published with Certificate Transparency's reference code
# (certificate-transparency, cpp/merkletree/merkle_tree_test.cc).
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    7: "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize(("count", "expected"), CT_ROOTS.items())
def test_roots_equal_those_of_certificate_transparency(count: int, expected: str) -> None:
    assert root(CT_LEAVES[:count]).hex() == expected


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_the_root_equals_that_of_the_rfc(leaves: list[bytes]) -> None:
    assert root(leaves) == mth(leaves)


@given(some_leaves, st.data())
def test_a_proof_is_the_audit_path_of_the_rfc_and_leads_to_the_root(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = prove(leaves, index)
    assert proof == Proof(index, len(leaves), tuple(audit_path(index, leaves)))
    assert proves(proof, leaves[index], root(leaves))


def test_every_leaf_of_a_small_tree_is_proven_only_at_its_index() -> None:
    for size in range(1, 34):
        leaves = [bytes([n]) for n in range(size)]
        expected = root(leaves)
        for index in range(size):
            proof = prove(leaves, index)
            for other in range(size):
                moved = replace(proof, index=other)
                assert proves(moved, leaves[index], expected) == (other == index)


@given(some_leaves, st.data())
def test_only_the_leaf_itself_is_proven(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.binary(max_size=40).filter(lambda leaf: leaf != leaves[index]))
    proof, expected = prove(leaves, index), root(leaves)
    assert not proves(proof, other, expected)
    assert not proves(proof, leaf_hash(leaves[index]), expected)
    assert not proves(proof, leaves[index], leaf_hash(expected))


@given(some_leaves, st.data())
def test_an_altered_shortened_or_extended_path_proves_nothing(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof, expected = prove(leaves, index), root(leaves)
    longer = replace(proof, path=(*proof.path, bytes(32)))
    assert not proves(longer, leaves[index], expected)
    for other, sibling in enumerate(proof.path):
        rest = proof.path[other + 1 :]
        altered = bytes([sibling[0] ^ 1]) + sibling[1:]
        for path in (
            (*proof.path[:other], altered, *rest),
            (*proof.path[:other], *rest),
            (*proof.path[:other], sibling[:-1], *rest),
        ):
            assert not proves(replace(proof, path=path), leaves[index], expected)


def test_an_inner_node_is_not_accepted_as_a_leaf_nor_a_leaf_as_a_node() -> None:
    leaves = [b"a", b"b", b"c", b"d"]
    left = leaf_hash(b"a") + leaf_hash(b"b")
    right = leaf_hash(b"c") + leaf_hash(b"d")
    assert root([left, right]) != root(leaves)
    assert not proves(Proof(0, 2, (mth([b"c", b"d"]),)), left, root(leaves))


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0), (0, -1), (7, 3)])
def test_an_index_outside_the_tree_proves_nothing(index: int, size: int) -> None:
    leaves = [b"a", b"b", b"c"]
    proof = replace(prove(leaves, 0), index=index, size=size)
    assert not any(proves(proof, leaf, root(leaves)) for leaf in leaves)


@pytest.mark.parametrize(("index", "size"), [(1, 1), (2, 1), (-1, 1), (0, 0), (0, -1)])
def test_a_single_leaf_is_proven_only_at_index_zero(index: int, size: int) -> None:
    assert proves(Proof(0, 1, ()), b"a", root([b"a"]))
    assert not proves(Proof(index, size, ()), b"a", root([b"a"]))


@pytest.mark.parametrize("index", [-1, 3])
def test_a_missing_leaf_cannot_be_proven(index: int) -> None:
    with pytest.raises(IndexError):
        prove([b"a", b"b", b"c"], index)


@given(some_leaves, st.data())
def test_reordered_changed_or_added_leaves_give_another_root(
    leaves: list[bytes], data: st.DataObject
) -> None:
    expected = root(leaves)
    shuffled = data.draw(st.permutations(leaves))
    assert (root(shuffled) == expected) == (shuffled == leaves)
    assert root([*leaves, b""]) != expected
    assert root([*leaves, leaves[-1]]) != expected  # CVE-2012-2459: a doubled last leaf
    assert root(leaves[1:]) != expected
