"""Finds what was edited, removed, reordered, cut off or rolled back in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from consent import Anchor, Finding
from storage import merkle
from storage.journal import START, Journal, row_hash

Progress = Callable[[int, int], None]


def check_journal(
    journal: Journal, anchors: list[Anchor], progress: Progress | None = None
) -> list[Finding]:
    """Return what is wrong with the journal; nothing is good.

    The chain shows what was edited, removed or reordered; the anchors on the ledger show what was
    written anew from some row on, cut off, or rolled back.
    """
    findings: list[Finding] = []
    uses = {name for name, body in journal.uses() if hashlib.sha256(body).digest() == name}
    before, hashes, size = START, list[bytes](), journal.size()
    for place, row in enumerate(journal.rows(), start=1):
        expected = row_hash(before, place, row.use, journal.commitments(row.answer), row.answer)
        if row.seq != place or row.hash != expected:
            return [Finding("journal", "a row is not the one that was written", f"row {place}")]
        if row.use not in uses:
            findings.append(
                Finding("journal", "the use that a row names is altered", f"row {place}")
            )
        before = row.hash
        hashes.append(row.hash)
        if progress is not None and not place % 5_000:
            progress(place, size)
    return findings + _check_anchors(hashes, anchors)


def _check_anchors(hashes: list[bytes], anchors: list[Anchor]) -> list[Finding]:
    last = 0
    for anchor in anchors:
        if anchor.count > len(hashes):
            missing = f"{len(hashes)} of {anchor.count} rows"
            return [Finding("journal", "rows that were anchored are gone", missing)]
        if anchor.count <= last:
            continue  # the same rows anchored twice, after a crash in between
        if merkle.root(hashes[last : anchor.count]) != anchor.root:
            where = f"rows {last + 1} to {anchor.count}"
            return [Finding("journal", "rows are not those that were anchored", where)]
        last = anchor.count
    return []
