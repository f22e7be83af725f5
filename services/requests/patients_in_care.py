"""The patients who permit an organisation to use a model for their care, or to read records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from attrs import define

from consent import TREAT, TREATDS, ConsentLedger
from services.errors import NotFound
from services.requests.directory import PatientDirectory
from storage import RecordStore

ESTIMATE: Final = TREATDS
READ: Final = TREAT
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
        categories: the classes of records that a model may use, sorted.
        until_s: the last second of the permission that ends first.
        readable: the classes of records that the organisation may read for treatment, sorted.
        estimates_until_s, reading_until_s: the last second of what permits each; 0 in a list.
    """

    key: str
    subject: bytes
    number: str
    categories: tuple[str, ...]
    until_s: int
    readable: tuple[str, ...] = ()
    estimates_until_s: int = 0
    reading_until_s: int = 0

    @property
    def label(self) -> str:
        """The hospital number, or the beginning of the key where there is none."""
        return self.number or self.key[:8]

    @property
    def permitted(self) -> tuple[str, ...]:
        """The classes of records that either permission covers, sorted."""
        return tuple(sorted({*self.categories, *self.readable}))


class _Permissions:
    """What subjects permit an organisation now: categories and consents by purpose."""

    def __init__(self, store: RecordStore, party: str) -> None:
        self._by_purpose = [
            store.permitted_subjects(party, purpose) for purpose in (ESTIMATE, READ)
        ]

    def subjects(self) -> Iterator[bytes]:
        """Yield each subject once."""
        estimates, readings = self._by_purpose
        yield from estimates
        yield from (subject for subject in readings if subject not in estimates)

    def consents(self, subject: bytes) -> set[bytes]:
        """Return the consents that permit something."""
        permitted = [each[subject] for each in self._by_purpose if subject in each]
        return {consent for categories in permitted for consent in categories.values()}

    def categories(self, subject: bytes) -> list[tuple[str, ...]]:
        """Return the categories for an estimate, and those for reading."""
        return [
            tuple(sorted(each[subject])) if subject in each else () for each in self._by_purpose
        ]


@define(eq=False, repr=False)
class PatientsInCare:
    """The patients of an organisation, as the ledger permits them now.

    NotFound is raised for a key of which no patient permits it now.
    """

    _store: RecordStore
    _ledger: ConsentLedger
    _directory: PatientDirectory

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
        permitted = _Permissions(self._store, party)
        considered = [
            subject for subject in permitted.subjects() if among is None or subject in among
        ]
        numbers = self._directory.numbers_of(considered)
        part = number_part.casefold()
        matches = [subject for subject in considered if part in numbers.get(subject, "").casefold()]
        matches.sort(key=lambda subject: (numbers.get(subject, ""), subject))
        if order == BY_END:
            until = self._ends(permitted, matches)
            matches.sort(key=lambda subject: until[subject])
        selected, key_of = matches[offset : offset + limit], self._store.pseudonyms(LABEL)
        until = self._ends(permitted, selected)
        patients = []
        for subject in selected:
            categories, readable = permitted.categories(subject)
            patients.append(
                PatientInCare(
                    key_of(subject).hex()[:KEY_LENGTH],
                    subject,
                    numbers.get(subject, ""),
                    categories,
                    until[subject],
                    readable,
                )
            )
        return patients, len(matches)

    def _ends(self, permitted: _Permissions, subjects: Sequence[bytes]) -> dict[bytes, int]:
        """Return for each subject when the permission that ends first ends, seconds UTC."""
        consents = {subject: permitted.consents(subject) for subject in subjects}
        ends = self._ledger.end_times(sorted(set().union(*consents.values())))
        return {subject: _first_end(ends, ids) for subject, ids in consents.items()}

    def get(self, party: str, key: str) -> PatientInCare:
        """Return one of an organisation's patients.

        A patient who does not permit it, or does not exist, costs the same work and looks the same.
        """
        named, subject = self._find(key)
        estimates, readings = (
            self._store.permitted_categories(subject, party, purpose)
            for purpose in (ESTIMATE, READ)
        )
        number = self._directory.number_of(subject) or ""
        ends = self._ledger.end_times(sorted({*estimates.values(), *readings.values()}))
        if named is None or not (estimates or readings):
            raise NotFound
        return PatientInCare(
            key,
            subject,
            number,
            tuple(sorted(estimates)),
            min(ends.values(), default=0),
            tuple(sorted(readings)),
            estimates_until_s=_first_end(ends, estimates.values()),
            reading_until_s=_first_end(ends, readings.values()),
        )

    def require_estimate(self, party: str, key: str) -> bytes:
        """Return the subject of a patient who permits an estimate; reading alone is not enough.

        A patient who does not permit it, or does not exist, costs the same work and looks the same.
        """
        named, subject = self._find(key)
        permitted = self._store.permitted_categories(subject, party, ESTIMATE)
        if named is None or not permitted:
            raise NotFound
        return subject

    def _find(self, key: str) -> tuple[bytes | None, bytes]:
        """Return the subject of a key, if any, and the one to decide on.

        Of a key that names nobody another patient is decided on, so that its time does not tell.
        """
        named = self._store.find_subject(LABEL, KEY_LENGTH, key)
        return named, named or self._store.any_subject()


def _first_end(ends: Mapping[bytes, int], consents: Iterable[bytes]) -> int:
    """Return when the consent that ends first ends; 0 if there is none."""
    return min((ends.get(consent, 0) for consent in consents), default=0)
