"""The patients who permit an organisation to use a model for their care."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consent import TREATDS, ConsentLedger
from services.errors import NotFound
from services.requests.directory import PatientDirectory
from storage import RecordStore

PURPOSE: Final = TREATDS
LABEL: Final = "clinic patient"
KEY_LENGTH: Final = 32
BY_NUMBER: Final = "number"
BY_END: Final = "until"


@dataclass(frozen=True, slots=True)
class PatientInCare:
    """One patient who permits an organisation something.

    Attributes:
        key: the patient's name in addresses: 32 hex characters that only this install can make.
        subject: 32 bytes; never shown.
        number: the hospital number; "" if this custodian has none.
        categories: the permitted classes of records, sorted.
        until_s: the last second of the permission that ends first.
    """

    key: str
    subject: bytes
    number: str
    categories: tuple[str, ...]
    until_s: int


class PatientsInCare:
    """The patients of an organisation, as the ledger permits them now."""

    def __init__(
        self, store: RecordStore, ledger: ConsentLedger, directory: PatientDirectory
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._directory = directory

    def search(  # noqa: PLR0913 - how a list is cut, by keyword
        self,
        party: str,
        number_part: str = "",
        limit: int = 50,
        *,
        offset: int = 0,
        order: str = BY_NUMBER,
        among: Collection[bytes] | None = None,
    ) -> tuple[list[PatientInCare], int]:
        """Return up to `limit` patients of an organisation, and how many fit.

        Args:
            party: the organisation.
            number_part: a part of the hospital number, in any case.
            limit: the maximum number of patients to return.
            offset: how many of those that fit are passed over.
            order: `BY_NUMBER`, or `BY_END`: the permission that ends first comes first.
            among: the only subjects to consider; None for all.

        Raises:
            LedgerUnavailable (consent): the ledger is unavailable or cannot be verified.
        """
        permitted = self._store.permitted_subjects(party, PURPOSE)
        considered = [subject for subject in permitted if among is None or subject in among]
        numbers = self._directory.numbers_of(considered)
        part = number_part.casefold()
        matches = [subject for subject in considered if part in numbers.get(subject, "").casefold()]
        matches.sort(key=lambda subject: (numbers.get(subject, ""), subject))
        if order == BY_END:
            until = self._ends(permitted, matches)
            matches.sort(key=lambda subject: until[subject])
        selected, key_of = matches[offset : offset + limit], self._store.pseudonyms(LABEL)
        until = self._ends(permitted, selected)
        patients = [
            PatientInCare(
                key_of(subject).hex()[:KEY_LENGTH],
                subject,
                numbers.get(subject, ""),
                tuple(sorted(permitted[subject])),
                until[subject],
            )
            for subject in selected
        ]
        return patients, len(matches)

    def _ends(
        self, permitted: Mapping[bytes, Mapping[str, bytes]], subjects: Sequence[bytes]
    ) -> dict[bytes, int]:
        """Return for each subject when the permission that ends first ends, seconds UTC."""
        consents = {consent for subject in subjects for consent in permitted[subject].values()}
        ends = self._ledger.end_times(sorted(consents))
        return {
            subject: min(ends.get(consent, 0) for consent in permitted[subject].values())
            for subject in subjects
        }

    def get(self, party: str, key: str) -> PatientInCare:
        """Return one of an organisation's patients.

        A patient who does not permit it, or does not exist, costs the same work and looks the same.

        Raises:
            NotFound: no patient of this key permits it now.
        """
        permitted = self._store.permitted_subjects(party, PURPOSE)
        key_of = self._store.pseudonyms(LABEL)
        subject = next((s for s in permitted if key_of(s).hex()[:KEY_LENGTH] == key), None)
        number = self._directory.number_of(subject or b"\0" * 32) or ""
        consents = sorted(set(permitted[subject].values())) if subject else []
        ends = self._ledger.end_times(consents)
        if subject is None:
            raise NotFound
        categories = tuple(sorted(permitted[subject]))
        return PatientInCare(key, subject, number, categories, min(ends.values(), default=0))
