"""The history of a patient's records: the uses and refusals in the journal, folded by act."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from consent import MLTRAINING, Consent, ConsentError, ConsentLedger
from services.requests.choices import COPY
from storage import JournalRow, RecordStore

PERMITTED: Final = "permitted"
ANSWERED: Final = "answered"
MAINTENANCE: Final = {"re-keyed": "rekeyed", "shredded": "erased"}
"""What the record store does after a withdrawal: neither use nor refusal."""
IDENTITY_CHECKED: Final = "identity-checked"
"""A custodian checked who the patient is, before a link to join or for a new key."""
SELF: Final = "PATRQT"
PAGE_ROWS: Final = 400
"""How many journal rows one page reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One entry of a patient's history; `text_key` names its text in words/*/history.ftl.

    Attributes:
        seq: the journal row that proves it; the newest of those folded into it.
        at_s: when.
        party: the user of the records.
        purpose: a code of the vocabulary.
        categories: the classes of records, sorted.
        outcome: ``permitted``, ``answered``, or the reason of the refusal.
        since_s: when the consent that decided was signed; 0 if not known.
        count: how many acts are folded into this entry.
        consent_id: the consent that decided; None if there is none.
    """

    seq: int
    at_s: int
    party: str
    purpose: str
    categories: tuple[str, ...]
    outcome: str
    since_s: int
    count: int
    consent_id: bytes | None

    @property
    def is_refusal(self) -> bool:
        """True when access was refused."""
        return self.outcome not in (PERMITTED, ANSWERED, IDENTITY_CHECKED, *MAINTENANCE)

    @property
    def text_key(self) -> str:
        """The key of this entry's text."""
        if self.outcome in MAINTENANCE:
            return MAINTENANCE[self.outcome]
        if self.outcome == IDENTITY_CHECKED:
            return f"identity-{self.purpose}"
        if self.is_refusal:
            return _REFUSALS.get(self.outcome, "refused-never")
        if self.purpose == SELF:
            return "used-self"
        if self.outcome == ANSWERED:
            return "used-model-party"
        return {MLTRAINING: "used-train", COPY: "used-copy"}.get(self.purpose, "used-read-party")


_REFUSALS: Final = {
    "withdrawn": "refused-withdrawn",
    "stopped": "refused-withdrawn",
    "withdrawn-meanwhile": "refused-withdrawn",
    "expired": "refused-ended",
    "opening-missing": "refused-unknown",
    "not-there": "refused-unknown",
}


class AccessHistory:
    """Reads a patient's history from the journal."""

    def __init__(self, store: RecordStore, ledger: ConsentLedger) -> None:
        self._store = store
        self._ledger = ledger

    def list_entries(
        self, subject: bytes, before: int | None = None
    ) -> tuple[list[HistoryEntry], int | None]:
        """Return a patient's entries, newest first, and where older ones begin (None: at the end).

        The records of one act make one entry; a day's refusals of one party make one entry.
        """
        rows = self._store.journal.of_subject(subject, PAGE_ROWS, before)
        categories = {r.record_id: r.category for r in self._store.records_of(subject)}
        consents = self._consents(subject)
        uses: dict[bytes, dict[str, Any]] = {}
        acts: dict[tuple[Any, ...], list[JournalRow]] = {}
        for row in rows:
            if row.use not in uses:
                uses[row.use] = self._store.journal.use(row.use)
            acts.setdefault(_act_of(row, uses[row.use]), []).append(row)
        entries = [_entry(act, uses, categories, consents) for act in acts.values()]
        return entries, rows[-1].seq if len(rows) == PAGE_ROWS else None

    def list_by_consent(self, subject: bytes, consent_id: bytes) -> list[HistoryEntry]:
        """Return the uses that a consent has permitted, newest first."""
        entries, _ = self.list_entries(subject)
        return [entry for entry in entries if entry.consent_id == consent_id]

    def find_row(self, subject: bytes, seq: int) -> JournalRow | None:
        """Return a journal row about this patient."""
        rows = self._store.journal.of_subject(subject, 1, seq + 1)
        return rows[0] if rows and rows[0].seq == seq else None

    def _consents(self, subject: bytes) -> dict[bytes, Consent]:
        try:
            consents = self._ledger.consents_of(subject)
        except ConsentError:
            return {}  # the history can be read without; only since when is not known now
        return {consent.consent_id: consent for consent in consents}


def _act_of(row: JournalRow, use: dict[str, Any]) -> tuple[Any, ...]:
    if row.answer.outcome in (PERMITTED, ANSWERED, IDENTITY_CHECKED, *MAINTENANCE):
        return (row.use, row.answer.outcome)
    day = datetime.datetime.fromtimestamp(use["at_s"], datetime.UTC).date()
    text_key = _REFUSALS.get(row.answer.outcome, "refused-never")
    return (day, use["party"], use["purpose"], text_key)


def _entry(
    rows: Sequence[JournalRow],
    uses: dict[bytes, dict[str, Any]],
    categories: dict[bytes, str],
    consents: dict[bytes, Consent],
) -> HistoryEntry:
    newest = rows[0]
    use = uses[newest.use]
    consent = consents.get(newest.answer.consent_id)
    records = {row.answer.record_id for row in rows}
    return HistoryEntry(
        seq=newest.seq,
        at_s=use["at_s"],
        party=use["party"],
        purpose=use["purpose"],
        categories=tuple(sorted({categories[r] for r in records if r in categories})),
        outcome=newest.answer.outcome,
        since_s=consent.signed_at_s if consent else 0,
        count=len({row.use for row in rows}),
        consent_id=consent.consent_id if consent else None,
    )
