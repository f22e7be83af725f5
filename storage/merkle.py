"""Compute Merkle trees (RFC 6962): the root of many leaves, and proofs that a leaf is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

# The prefixes make the hash of a leaf differ from that of any node (RFC 6962, section 2.1).
_LEAF = b"\x00"
_NODE = b"\x01"


@dataclass(frozen=True, slots=True)
class Proof:
    """A path from one leaf to the root: its index, the tree's size, the siblings upwards."""

    index: int
    size: int
    path: tuple[bytes, ...]


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf."""
    return hashlib.sha256(_LEAF + leaf).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the hashes of each level, from the leaves to the root; an odd last hash moves up."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        above = list(map(_node, below[::2], below[1::2]))  # stops at the shorter one
        levels.append([*above, below[-1]] if len(below) % 2 else above)
    return levels


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of these leaves, in this order; without leaves, the hash of no bytes."""
    return _levels(leaves)[-1][0] if leaves else hashlib.sha256(b"").digest()


def prove(leaves: Sequence[bytes], index: int) -> Proof:
    """Return the proof that leaf `index` is in the tree of these leaves.

    Raises:
        IndexError: there is no such leaf.
    """
    return root_and_proofs(leaves, [index])[1][0]


def root_and_proofs(leaves: Sequence[bytes], indexes: Sequence[int]) -> tuple[bytes, list[Proof]]:
    """Return the root of these leaves, and the proof of each of these, from one tree.

    Raises:
        IndexError: there is no such leaf.
    """
    if outside := [index for index in indexes if not 0 <= index < len(leaves)]:
        raise IndexError(outside[0])
    levels = _levels(leaves)
    proofs = [Proof(index, len(leaves), _path(levels[:-1], index)) for index in indexes]
    return levels[-1][0], proofs


def _path(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    path, position = list[bytes](), index
    for level in levels:
        sibling = position ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        position //= 2
    return tuple(path)


def proves(proof: Proof, leaf: bytes, expected_root: bytes) -> bool:
    """Return whether the proof leads from this leaf to this root.

    A root does not show its number of leaves: take the size from where the root is anchored.
    """
    if not 0 <= proof.index < proof.size:
        return False
    node, position, width, path = leaf_hash(leaf), proof.index, proof.size, list(proof.path)
    while width > 1:
        if position ^ 1 < width:
            if not path:
                return False
            sibling = path.pop(0)
            node = _node(sibling, node) if position & 1 else _node(node, sibling)
        position, width = position // 2, (width + 1) // 2
    return not path and node == expected_root
