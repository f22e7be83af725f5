"""What an auditor may read: where each part stands, the anchors, the journal without content."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent import ANCHOR_KINDS, Anchor, ConsentError
from services.platform import Platform
from storage import StorageError

AGREES: Final = "agrees"
DIFFERS: Final = "differs"
UNCHECKED: Final = "unchecked"
PERMIT: Final = "permit"
REFUSAL: Final = "refusal"
PERMITTED: Final = "permitted"
LINES: Final = 50
MOST_READ: Final = 20_000
"""A search reads so many rows of the journal at once; the next page goes on from there."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Stands:
    """One part: how much of it there is, of what time (seconds UTC), and whether it agrees."""

    part: str
    count: int | None
    at_s: int | None
    state: str


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the journal without subject and record."""

    seq: int
    at_s: int
    kind: str
    party: str
    purpose: str
    outcome: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """Lines, the newest first; `before` is where the next page goes on, None at the end."""

    lines: list[Line]
    before: int | None


def standing(platform: Platform) -> list[Stands]:
    """Return where ledger, mirror, journal and anchors stand; what is away is unchecked."""
    return [*_ledger(platform), _asked("journal", lambda: _journal(platform)), _anchored(platform)]


def anchors(platform: Platform, last: int) -> list[tuple[Anchor, int | None]]:
    """Return the last anchors of each kind, the newest first, with their blocks' times.

    A time is None while the chain is away.
    """
    found = [one for kind in ANCHOR_KINDS for one in platform.ledger.anchors(kind, last)]
    found.sort(key=lambda one: -one.block_number)
    try:
        times = platform.ledger.block_times([one.block_number for one in found])
    except ConsentError:
        times = [None] * len(found)
    return list(zip(found, times, strict=True))


def journal(platform: Platform, search: Mapping[str, str], before: int | None = None) -> Found:
    """Return up to fifty rows that fit, below `before`.

    `search` may hold party, purpose, outcome (parts of them) and kind (permit or refusal).
    """
    last = platform.store.journal.size() if before is None else before - 1
    end, lines, uses = max(0, last - MOST_READ), list[Line](), dict[bytes, Any]()
    while last > end and len(lines) < LINES:
        first = max(end, last - _AT_ONCE) + 1
        for row in reversed(list(platform.store.journal.rows(first, last))):
            if row.use not in uses:
                uses[row.use] = platform.store.journal.use(row.use)
            use, outcome = uses[row.use], row.answer.outcome
            kind = PERMIT if outcome == PERMITTED else REFUSAL
            line = Line(row.seq, use["at_s"], kind, use["party"], use["purpose"], outcome, row.hash)
            if _fits(line, search):
                lines.append(line)
            if len(lines) == LINES:
                return Found(lines, row.seq if row.seq > 1 else None)
        last = first - 1
    return Found(lines, last + 1 if last > 0 else None)


def _fits(line: Line, search: Mapping[str, str]) -> bool:
    if search.get("kind", "") not in ("", line.kind):
        return False
    return all(
        search.get(name, "").lower() in getattr(line, name).lower()
        for name in ("party", "purpose", "outcome")
    )


def _ledger(platform: Platform) -> list[Stands]:
    try:
        view = platform.ledger.view()
    except ConsentError:
        return [Stands(part, None, None, UNCHECKED) for part in ("ledger", "mirror")]
    # A view is given only when the mirror's head and count are the contract's at that block.
    return [
        Stands("ledger", view.count, view.block_time_s, AGREES),
        Stands("mirror", view.count, view.seen_at_s, AGREES),
    ]


def _journal(platform: Platform) -> Stands:
    journal_, (seq, _) = platform.store.journal, platform.store.journal.head()
    agrees = seq == journal_.size() and journal_.anchored() <= seq
    last = next(iter(journal(platform, {}).lines), None)
    return Stands("journal", seq, last.at_s if last else None, AGREES if agrees else DIFFERS)


def _anchored(platform: Platform) -> Stands:
    try:
        count = sum(len(platform.ledger.anchors(kind)) for kind in ANCHOR_KINDS)
        newest = anchors(platform, 1)
    except ConsentError:
        return Stands("anchors", None, None, UNCHECKED)
    at_s = newest[0][1] if newest else None
    return Stands("anchors", count, at_s, AGREES if at_s or not newest else UNCHECKED)


def _asked(part: str, ask: Callable[[], Stands]) -> Stands:
    try:
        return ask()
    except StorageError:
        return Stands(part, None, None, DIFFERS)
