"""Prove that anchors on the ledger cover rows of the journal, with one tree for each anchor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence

from consent import Anchor
from storage import merkle
from storage.errors import JournalBroken


def prove_rows(
    hashes: Callable[[int, int], list[bytes]], anchors: Sequence[Anchor], seqs: Collection[int]
) -> dict[int, tuple[merkle.Proof, Anchor]]:
    """Return, of each of these rows that an anchor covers, the proof and the anchor.

    `hashes` returns those of the rows from the first to the last.

    Raises:
        JournalBroken: the rows differ from those that were anchored.
    """
    covered = defaultdict[int, list[int]](list)
    for seq in seqs:
        covering = (index for index, anchor in enumerate(anchors) if seq <= anchor.count)
        if (index := next(covering, None)) is not None:
            covered[index].append(seq)
    proven: dict[int, tuple[merkle.Proof, Anchor]] = {}
    for index, part in covered.items():
        proofs = _prove(hashes, anchors, index, part)
        proven |= {seq: (proof, anchors[index]) for seq, proof in zip(part, proofs, strict=True)}
    return proven


def _prove(
    hashes: Callable[[int, int], list[bytes]],
    anchors: Sequence[Anchor],
    index: int,
    seqs: Sequence[int],
) -> list[merkle.Proof]:
    """Return the proofs of rows that one anchor covers."""
    anchor = anchors[index]
    for last in possible_starts(anchors, index):
        if last >= min(seqs):
            continue
        leaves = hashes(last + 1, anchor.count)
        if len(leaves) != anchor.count - last:
            continue  # rows are missing
        root, proofs = merkle.root_and_proofs(leaves, [seq - last - 1 for seq in seqs])
        if root == anchor.root:
            return proofs
    raise JournalBroken(
        f"journal rows up to {anchor.count} differ from the anchored ones; run verify"
    )


def possible_starts(anchors: Sequence[Anchor], index: int) -> list[int]:
    """Return after which row the rows of an anchor may start, the likeliest first.

    It is the end of the anchor before, or an earlier one if two processes anchored at once.
    """
    count = anchors[index].count
    earlier = {anchor.count for anchor in anchors[:index] if anchor.count < count}
    return sorted({0} | earlier, reverse=True)
