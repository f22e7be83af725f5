"""Merkle trees over rows (RFC 6962): one root for many leaves, and proofs that a leaf is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

# The two prefixes keep a leaf from being taken for a node (RFC 6962, section 2.1).
_LEAF = b"\x00"
_NODE = b"\x01"


@dataclass(frozen=True, slots=True)
class Proof:
    """What leads from one leaf to the root: its place, the tree's size, the sisters upwards."""

    index: int
    size: int
    path: tuple[bytes, ...]


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes of each level, from the leaves to the root; an odd last one moves up."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = list(map(_node, below[::2], below[1::2]))  # ends with the shorter: an odd one stays
        levels.append([*above, below[-1]] if len(below) % 2 else above)
    return levels


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of these leaves, in this order; of none, the hash of nothing."""
    return _levels(leaves)[-1][0] if leaves else hashlib.sha256(b"").digest()


def prove(leaves: Sequence[bytes], index: int) -> Proof:
    """Return the proof that leaf `index` is in the tree of these leaves.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    path, place = [], index
    for level in _levels(leaves)[:-1]:
        sister = place ^ 1
        if sister < len(level):
            path.append(level[sister])
        place //= 2
    return Proof(index, len(leaves), tuple(path))


def proves(proof: Proof, leaf: bytes, expected_root: bytes) -> bool:
    """Tell whether the proof leads from this leaf to this root.

    A root says nothing of how many leaves it has: take the size from where the root is anchored.
    """
    if not 0 <= proof.index < proof.size:
        return False
    found, place, width, path = leaf_hash(leaf), proof.index, proof.size, list(proof.path)
    while width > 1:
        if place ^ 1 < width:
            if not path:
                return False
            sister = path.pop(0)
            found = _node(sister, found) if place & 1 else _node(found, sister)
        place, width = place // 2, (width + 1) // 2
    return not path and found == expected_root
