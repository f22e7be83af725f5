"""Reads what is known about one subject: its consents, and who used its records."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import Consent, ConsentLedger, View
from services.errors import NotFound
from storage import JournalRow, RecordStore

SUBJECT_BYTES: Final = 32
MAX_ANCHORS: Final = 20
"""At most this many anchors prove the rows of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectConsents:
    """A subject's consents at one view of the ledger, oldest first."""

    view: View
    consents: Sequence[Consent]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectUse:
    """One row of the journal about a subject; `proof` is None until the row is anchored."""

    seq: int
    at_s: int
    party: str
    actor: str
    purpose: str
    why: str
    outcome: str
    hash: bytes
    proof: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectUses:
    """Rows of the journal, newest first; `before` asks for the next page, None on the last."""

    uses: Sequence[SubjectUse]
    before: int | None


class SubjectRecords:
    """What ledger and journal hold about a subject; the caller decides who may read it."""

    def __init__(self, *, ledger: ConsentLedger, store: RecordStore) -> None:
        self._ledger = ledger
        self._store = store

    def is_enrolled(self, subject: bytes) -> bool:
        """Tell whether this organisation enrolled the subject."""
        return self._ledger.is_enrolled(subject)

    def custodians_of(self, subject: bytes) -> set[str]:
        """Return the parties that hold records of a subject."""
        return {entry.custodian for entry in self._store.records_of(subject)}

    def consents_of(self, subject: bytes) -> SubjectConsents:
        """Return every consent of a subject with its state now."""
        consents = self._ledger.consents_of(subject)
        return SubjectConsents(view=self._ledger.view(), consents=consents)

    def uses_of(self, subject: bytes, limit: int, before: int | None) -> SubjectUses:
        """Return at most `limit` uses and refusals before journal row `before`, newest first.

        They are fewer where more anchors than `MAX_ANCHORS` cover them: a proof reads all that an
        anchor covers, which is everybody's rows of a minute.
        """
        journal = self._store.journal
        newest = journal.of_subject(subject, limit, before)
        rows = self._with_few_anchors(newest)
        proofs, fields = (
            self._store.prove([row.seq for row in rows]),
            journal.uses_of({row.use for row in rows}),
        )
        uses = [_use(row, fields[row.use], proofs.get(row.seq)) for row in rows]
        is_last = len(newest) < limit and len(rows) == len(newest)
        return SubjectUses(uses=uses, before=None if is_last else rows[-1].seq)

    def _with_few_anchors(self, rows: Sequence[JournalRow]) -> Sequence[JournalRow]:
        """Return the first of these rows, as far as `MAX_ANCHORS` anchors cover them."""
        counts = sorted({anchor.count for anchor in self._ledger.anchors("journal")})
        covering = [bisect_left(counts, row.seq) for row in rows]
        first = set(sorted(set(covering), reverse=True)[:MAX_ANCHORS])
        return [row for row, anchor in zip(rows, covering, strict=True) if anchor in first]


def _use(row: JournalRow, fields: Mapping[str, Any], proof: Mapping[str, Any] | None) -> SubjectUse:
    names = ("at_s", "party", "actor", "purpose", "why")
    return SubjectUse(
        seq=row.seq,
        outcome=row.answer.outcome,
        hash=row.hash,
        proof=proof,
        **{name: fields[name] for name in names},
    )


def parse_subject(text: str) -> bytes:
    """Return the subject that 64 lower-case hexadecimal digits name.

    Raises:
        NotFound: the text is something else, so there is no such subject.
    """
    try:
        subject = bytes.fromhex(text)
    except ValueError as exc:
        raise NotFound from exc
    if subject.hex() != text or len(subject) != SUBJECT_BYTES:
        raise NotFound
    return subject
