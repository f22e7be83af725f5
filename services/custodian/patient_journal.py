"""Records what the custodian did about a patient in the journal, before it takes effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import define

from consent import ConsentLedger
from services.installation import Installation
from storage import NO_RECORD, NOBODY, AccessOutcome, RecordStore, Use

PURPOSE: Final = "administration"


@define(eq=False, repr=False, kw_only=True)
class PatientJournal:
    """Appends rows about patients to the journal; they see them in their history."""

    _ledger: ConsentLedger
    _store: RecordStore
    _installation: Installation

    def record(
        self,
        outcome: str,
        why: str,
        subjects: Sequence[bytes],
        *,
        by: str,
        purpose: str = PURPOSE,
    ) -> None:
        """Store durably what `by` does about each of these subjects; the rows are anchored too.

        Args:
            outcome: a key of `services.requests.history.ADMINISTRATION`, or an identity check.
            why: the reason in words; no name and no number.
            subjects: whose history has a row.
            by: the account or token that is responsible.
            purpose: what it was for.

        Raises:
            LedgerUnavailable, ViewRefused (consent), JournalUnavailable (storage): nothing was
                recorded, so nothing may be done.
        """
        use = Use(
            at_s=int(self._installation.clock()),
            party=self._installation.organisation,
            actor=by,
            purpose=purpose,
            why=why,
            view=self._ledger.view(),
        )
        rows = [
            AccessOutcome(subject, NO_RECORD, 0, outcome, NOBODY)
            for subject in dict.fromkeys(subjects)
        ]
        self._store.journal.write(use, rows)
