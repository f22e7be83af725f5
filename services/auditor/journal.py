"""Searches the journal for an auditor, without its subjects and records."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from services.requests.history import (
    ADMINISTRATION,
    ANSWERED,
    COPY_DELETED,
    IDENTITY_CHECKED,
    MAINTENANCE,
    OWN,
    PERMITTED,
)
from storage import JournalRow as StoredRow
from storage import RecordStore

PERMIT: Final = "permit"
REFUSAL: Final = "refusal"
OTHER: Final = "other"
"""Neither: keys renewed, an identity checked, numbers linked, a copy deleted, people counted."""
PAGE_ROWS: Final = 50
MAX_READ: Final = 20_000
"""A search reads at most this many rows at once; the next page continues from there."""
_BATCH_ROWS: Final = 500
_PERMITS: Final = frozenset({PERMITTED, OWN, ANSWERED})
_OTHER: Final = frozenset({*MAINTENANCE, *ADMINISTRATION, IDENTITY_CHECKED, COPY_DELETED})


@dataclass(frozen=True, slots=True)
class JournalSearch:
    """What a row must match: its kind, and part of its party, purpose and outcome."""

    kind: str = ""
    party: str = ""
    purpose: str = ""
    outcome: str = ""


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


def search_journal(
    store: RecordStore, search: JournalSearch, before: int | None = None
) -> JournalPage:
    """Return up to fifty matching rows below sequence number `before`; None starts at the end."""
    journal = store.journal
    last = journal.size() if before is None else before - 1
    end, rows, uses = max(0, last - MAX_READ), list[JournalRow](), dict[bytes, Any]()
    while last > end and len(rows) < PAGE_ROWS:
        first = max(end, last - _BATCH_ROWS) + 1
        for entry in reversed(list(journal.rows(first, last))):
            if entry.use not in uses:
                uses[entry.use] = journal.use(entry.use)
            row = _row(entry, uses[entry.use])
            if _matches(row, search):
                rows.append(row)
            if len(rows) == PAGE_ROWS:
                return JournalPage(rows, entry.seq if entry.seq > 1 else None)
        last = first - 1
    return JournalPage(rows, last + 1 if last > 0 else None)


def _row(entry: StoredRow, use: dict[str, Any]) -> JournalRow:
    outcome = entry.answer.outcome
    kind = PERMIT if outcome in _PERMITS else OTHER if outcome in _OTHER else REFUSAL
    return JournalRow(
        entry.seq, use["at_s"], kind, use["party"], use["purpose"], outcome, entry.hash
    )


def _matches(row: JournalRow, search: JournalSearch) -> bool:
    filters = asdict(search)
    return filters.pop("kind") in ("", row.kind) and all(
        text.lower() in getattr(row, name).lower() for name, text in filters.items()
    )
