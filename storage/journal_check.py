"""Finds what was edited, removed, reordered, cut off or rolled back in the journal."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

from consent import Anchor, Finding
from storage import merkle
from storage.findings import StoreFinding
from storage.journal import Journal, starts_of
from storage.journal_row import LOST, START, row_hash

Progress = Callable[[int, int], None]
_GONE = b""


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
    last = max((anchor.count for anchor in anchors), default=0)
    before, hashes = START, list[bytes]()
    for row in journal.rows(1, size):
        place = len(hashes) + 1
        if row.answer.outcome == LOST and place < row.seq <= last + 1:
            where = f"rows {place} to {row.seq - 1}"
            findings.append(_finding(StoreFinding.ROWS_LOST, where))
            hashes += [_GONE] * (row.seq - place)
            place = row.seq
        expected = row_hash(before, place, row.use, commit(row.answer), row.answer)
        if row.seq != place or row.hash != expected:
            return [*findings, _finding(StoreFinding.ROW_DIFFERS, f"row {place}")]
        if row.use not in uses:
            findings.append(_finding(StoreFinding.USE_DIFFERS, f"row {place}"))
        before = row.hash
        hashes.append(before)
        if progress is not None and not place % 5_000:
            progress(place, size)
    if (len(hashes), before) != (size, head) or journal.size() > journal.head()[0]:
        where = f"{len(hashes)} rows, the last written was {size}"
        findings.append(_finding(StoreFinding.END_DIFFERS, where))
    return findings + _check_anchors(hashes, anchors)


def _check_anchors(hashes: list[bytes], anchors: Sequence[Anchor]) -> list[Finding]:
    for place, anchor in enumerate(anchors):
        if anchor.count > len(hashes):
            missing = f"{len(hashes)} of {anchor.count} rows"
            return [_finding(StoreFinding.ANCHORED_ROWS_MISSING, missing)]
        if _GONE in hashes[max(starts_of(anchors, place)) : anchor.count]:
            continue  # that they are gone is a finding already; the root cannot be computed
        roots = (merkle.root(hashes[first : anchor.count]) for first in starts_of(anchors, place))
        if anchor.root not in roots:
            where = f"up to row {anchor.count}"
            return [_finding(StoreFinding.ANCHORED_ROWS_DIFFER, where)]
    return []


def _finding(code: StoreFinding, where: str) -> Finding:
    return Finding(part="journal", code=code, where=where)
