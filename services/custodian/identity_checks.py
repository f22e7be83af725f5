"""Records in the journal, before a link leaves, how an identity was checked, or that none was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.custodian.patient_journal import PatientJournal
from services.requests.history import IDENTITY_CHECKED, LETTER, LINK_ISSUED
from storage import NOBODY

IDENTITY_CHECKS: Final = ("card", "known", "video")
"""How an identity can be checked."""
LIST_CHECKS: Final = (*IDENTITY_CHECKS, LETTER)
"""How people are invited by a list: after a check, or by a letter to their address alone."""
NOT_STATED: Final = "not-stated"


class IdentityChecks:
    """Appends to the journal what was done before a link; the row is anchored too."""

    def __init__(self, journal: PatientJournal) -> None:
        self._journal = journal

    def record(self, purpose: str, check: str | None, *, by: str, subject: bytes | None) -> None:
        """Store durably that `by` checked an identity, or issued a link unchecked; patients see it.

        Args:
            purpose: what the link is for: ``join`` or ``recover``.
            check: one of `LIST_CHECKS`; None for staff whose check was not stated.
            by: the account that is responsible for the check.
            subject: the patient; None for staff.

        Raises:
            LedgerUnavailable, ViewRefused (consent), JournalUnavailable (storage): nothing was
                recorded, so no link may leave.
        """
        self.record_all(purpose, check, by=by, subjects=[subject or NOBODY])

    def record_all(
        self, purpose: str, check: str | None, *, by: str, subjects: Sequence[bytes]
    ) -> None:
        """Store durably what was done before links to several people; raises as `record`."""
        outcome = IDENTITY_CHECKED if check in IDENTITY_CHECKS else LINK_ISSUED
        self._journal.record(outcome, check or NOT_STATED, subjects, by=by, purpose=purpose)
