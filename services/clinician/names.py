"""Opens names and dates of birth for a clinician's list, as far as each patient permits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from consent import TREAT
from records.patient_identity import PatientIdentity, find_identity
from services.requests import PatientInCare
from storage import AccessRequest, Record, RecordStore

DEMOGRAPHICS: Final = "demographics"
"""The class of records that has names; who permits another class alone stays a number."""
_WHY: Final = "names in the list of patients"


class NamesInCare:
    """Reads who the patients of a list are from their own records, by the same rule as any reading.

    A name is part of a patient's records: it is opened only where the patient permits reading this
    class for treatment now, each opening is journalled first, and the patient sees it.
    """

    def __init__(self, store: RecordStore) -> None:
        self._store = store

    def open(
        self, party: str, account_id: str, patients: Sequence[PatientInCare]
    ) -> Mapping[str, PatientIdentity]:
        """Return who each patient is, by their key in the list; others are left out.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable, StoreUnavailable (storage): nothing
                was shown.
        """
        keys = {each.subject: each.key for each in patients if DEMOGRAPHICS in each.readable}
        if not keys:
            return {}
        request = AccessRequest(
            party,
            TREAT,
            [DEMOGRAPHICS],
            None,
            list(keys),
            _WHY,
            actor=f"clinician:{account_id}",
        )
        by_subject = defaultdict[bytes, list[Record]](list)
        for record in self._store.vault.gather(request).records:
            by_subject[record.subject].append(record)
        identities = {
            keys[subject]: find_identity(records) for subject, records in by_subject.items()
        }
        return {key: identity for key, identity in identities.items() if identity is not None}
