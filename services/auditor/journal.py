"""Searches the journal for an auditor, without its subjects and records."""

from __future__ import annotations

import bisect
import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from consent import DAY_S
from services.dates import day_of, end_of_day_s, start_of_day_s
from services.errors import Invalid
from services.requests.history import (
    ADMINISTRATION,
    ANSWERED,
    COPY_DELETED,
    IDENTITY_CHECKED,
    LINK_ISSUED,
    MAINTENANCE,
    PERMITTED,
)
from storage import LOST, OWN, RecordStore
from storage import JournalRow as StoredRow

PERMIT: Final = "permit"
REFUSAL: Final = "refusal"
OTHER: Final = "other"
"""Neither: keys renewed, an identity checked, numbers linked, a copy deleted, people counted."""
PAGE_ROWS: Final = 50
MAX_READ: Final = 20_000
"""A search reads at most this many rows at once; the next page continues from there."""
MAX_PERIOD: Final = 100_000
"""Days with more rows than this, the day before and after included, have no totals."""
_BATCH_ROWS: Final = 500
_MARGIN_S: Final = DAY_S
"""Rows are in the order in which they were written, by a clock that may have been set back."""
_PERMITS: Final = frozenset({PERMITTED, OWN, ANSWERED})
_LINKS: Final = frozenset({IDENTITY_CHECKED, LINK_ISSUED})
_OTHER: Final = frozenset({*MAINTENANCE, *ADMINISTRATION, *_LINKS, COPY_DELETED, LOST})


@dataclass(frozen=True, slots=True)
class JournalSearch:
    """What a row must match: its kind, part of its party, purpose and outcome, and its days.

    `since` and `until` are the first and the last day, UTC; None does not limit.
    """

    kind: str = ""
    party: str = ""
    purpose: str = ""
    outcome: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A row of the journal without subject and record."""

    seq: int
    at_s: int
    kind: str
    party: str
    purpose: str
    outcome: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Rows, newest first; `older_before` continues the search and is None at its end."""

    rows: list[JournalRow]
    older_before: int | None


@dataclass(frozen=True, slots=True)
class JournalTotal:
    """How many rows of a party for a purpose are permits, refusals and neither."""

    party: str
    purpose: str
    permits: int
    refusals: int
    others: int


@dataclass(frozen=True, slots=True)
class JournalPeriod:
    """Every row of a search, oldest first, and its totals by party and purpose."""

    rows: list[JournalRow]
    totals: list[JournalTotal]


def search_journal(
    store: RecordStore, search: JournalSearch, before: int | None = None
) -> JournalPage:
    """Return up to fifty matching rows below sequence number `before`; None starts at the end."""
    first, last = _bounds(store, search)
    last = last if before is None else min(last, before - 1)
    rows = list[JournalRow]()
    lowest = max(first, last - MAX_READ + 1)
    for seq, row in _read(store, lowest, last):
        if _matches(row, search):
            rows.append(row)
        if len(rows) == PAGE_ROWS:
            return JournalPage(rows, seq if seq > first else None)
    return JournalPage(rows, lowest if first < lowest <= last else None)


def read_period(store: RecordStore, search: JournalSearch) -> JournalPeriod:
    """Return every row that matches, and the totals.

    Raises:
        Invalid: the days, with a day before and after, have more than MAX_PERIOD rows.
    """
    first, last = _bounds(store, search)
    if last - first >= MAX_PERIOD:
        limit = f"The chosen days, with a day on each side, have more than {MAX_PERIOD:,} entries"
        problem = f"{limit}. Choose fewer days, or export the evidence, which has all entries."
        raise Invalid.of("since", problem)
    rows = [row for _, row in _read(store, first, last) if _matches(row, search)]
    return JournalPeriod(rows[::-1], _count(rows))


def _bounds(store: RecordStore, search: JournalSearch) -> tuple[int, int]:
    """Return the first and the last row that can be within the days of a search."""
    first, last = 1, store.journal.size()
    if search.since is not None:
        first = _count_before(store, start_of_day_s(search.since) - _MARGIN_S) + 1
    if search.until is not None:
        last = _count_before(store, end_of_day_s(search.until) + 1 + _MARGIN_S)
    return first, last


def _count_before(store: RecordStore, at_s: int) -> int:
    """Return how many rows were written before a moment, by looking at a few of them."""
    journal = store.journal

    def is_later(seq: int) -> bool:
        # The next one there is, where rows are lost.
        row = next(chain(journal.rows(seq, seq), journal.rows(seq)), None)
        return row is None or journal.use(row.use)["at_s"] >= at_s

    return bisect.bisect_left(range(1, journal.size() + 1), True, key=is_later)


def _read(store: RecordStore, first: int, last: int) -> Iterator[tuple[int, JournalRow]]:
    """Yield these rows with their sequence numbers, the newest first."""
    journal = store.journal
    while last >= first:
        start = max(first, last - _BATCH_ROWS + 1)
        entries = list(journal.rows(start, last))
        uses = journal.uses_of(entry.use for entry in entries)
        for entry in reversed(entries):
            yield entry.seq, _row(entry, uses[entry.use])
        last = start - 1


def _count(rows: list[JournalRow]) -> list[JournalTotal]:
    """Return the totals by party and purpose, in their order."""
    counts = Counter((row.party, row.purpose, row.kind) for row in rows)
    return [
        JournalTotal(
            party,
            purpose,
            counts[party, purpose, PERMIT],
            counts[party, purpose, REFUSAL],
            counts[party, purpose, OTHER],
        )
        for party, purpose in sorted({(row.party, row.purpose) for row in rows})
    ]


def _row(entry: StoredRow, use: dict[str, Any]) -> JournalRow:
    outcome = entry.answer.outcome
    kind = PERMIT if outcome in _PERMITS else OTHER if outcome in _OTHER else REFUSAL
    return JournalRow(
        entry.seq, use["at_s"], kind, use["party"], use["purpose"], outcome, entry.hash
    )


def _matches(row: JournalRow, search: JournalSearch) -> bool:
    texts = (
        (search.party, row.party),
        (search.purpose, row.purpose),
        (search.outcome, row.outcome),
    )
    day = day_of(row.at_s)
    is_day = (search.since or day) <= day <= (search.until or day)
    is_kind = search.kind in ("", row.kind)
    return is_kind and is_day and all(part.lower() in text.lower() for part, text in texts)
