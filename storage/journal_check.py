"""Finds what was edited, removed, reordered, cut off or rolled back in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from consent import Anchor, Finding
from storage import merkle
from storage.journal import START, Journal, row_hash, starts_of

Progress = Callable[[int, int], None]


def check_journal(
    journal: Journal, anchors: Sequence[Anchor], progress: Progress | None = None
) -> list[Finding]:
    """Return what is wrong with the journal; nothing is good.

    The chain shows what was edited, removed or reordered; the anchors on the ledger show what was
    written anew from some row on, cut off, or rolled back. `anchors` were read before this call.
    """
    findings: list[Finding] = []
    uses = {name for name, body in journal.uses() if hashlib.sha256(body).digest() == name}
    commit, (size, head) = journal.committing(), journal.head()
    before, hashes = START, list[bytes]()
    for place, row in enumerate(journal.rows(1, size), start=1):
        expected = row_hash(before, place, row.use, commit(row.answer), row.answer)
        if row.seq != place or row.hash != expected:
            return [Finding("journal", "a row is not the one that was written", f"row {place}")]
        if row.use not in uses:
            told = "the use that a row names is altered"
            findings.append(Finding("journal", told, f"row {place}"))
        before = row.hash
        hashes.append(before)
        if progress is not None and not place % 5_000:
            progress(place, size)
    if (len(hashes), before) != (size, head) or journal.size() > journal.head()[0]:
        where = f"{len(hashes)} rows, the last written was {size}"
        findings.append(Finding("journal", "the end is not the one that was written", where))
    return findings + _check_anchors(hashes, anchors)


def _check_anchors(hashes: list[bytes], anchors: Sequence[Anchor]) -> list[Finding]:
    for place, anchor in enumerate(anchors):
        if anchor.count > len(hashes):
            missing = f"{len(hashes)} of {anchor.count} rows"
            return [Finding("journal", "rows that were anchored are gone", missing)]
        roots = (merkle.root(hashes[first : anchor.count]) for first in starts_of(anchors, place))
        if anchor.root not in roots:
            where = f"up to row {anchor.count}"
            return [Finding("journal", "rows are not those that were anchored", where)]
    return []
