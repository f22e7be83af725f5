"""Records each identity check in the journal before a link leaves: how, by whom, for whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.custodian.patient_journal import PatientJournal
from services.requests.history import IDENTITY_CHECKED, LETTER
from storage import NOBODY

IDENTITY_CHECKS: Final = ("card", "known", "video")
"""How an identity can be checked."""
LIST_CHECKS: Final = (*IDENTITY_CHECKS, LETTER)
"""How those of people who are invited by a list can: by a letter to their address too."""
NOT_STATED: Final = "not-stated"


class IdentityChecks:
    """Appends to the journal that a person's identity was checked; the row is anchored too."""

    def __init__(self, journal: PatientJournal) -> None:
        self._journal = journal

    def record(self, purpose: str, check: str | None, *, by: str, subject: bytes | None) -> None:
        """Store durably that `by` checked an identity; a patient sees it in the history.

        Args:
            purpose: what the link is for: ``join`` or ``recover``.
            check: one of `IDENTITY_CHECKS`; None for staff whose check was not stated.
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
        """Store durably that `by` checked the identity of several people; raises as `record`."""
        self._journal.record(
            IDENTITY_CHECKED, check or NOT_STATED, subjects, by=by, purpose=purpose
        )
