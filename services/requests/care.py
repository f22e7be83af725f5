"""Whom an organisation may help: patients who permit it, by names that tell nothing."""

from __future__ import annotations

from dataclasses import dataclass

from consent import ConsentLedger
from services.errors import NotFound
from services.requests.directory import Directory
from storage import RecordStore

PURPOSE = "TREATDS"
LABEL = "clinic patient"


@dataclass(frozen=True, slots=True)
class InCare:
    """One patient who permits an organisation something.

    Attributes:
        key: the patient's name in addresses: 32 hex characters that only this install can make.
        subject: 32 bytes; never shown.
        number: the hospital number; "" if this custodian did not note one.
        categories: which classes of records are permitted, in the vocabulary's order.
        until_s: the last second of the permission that ends first.
    """

    key: str
    subject: bytes
    number: str
    categories: tuple[str, ...]
    until_s: int


class Care:
    """The patients of an organisation, as the ledger permits them now."""

    def __init__(self, store: RecordStore, ledger: ConsentLedger, directory: Directory) -> None:
        self._store = store
        self._ledger = ledger
        self._directory = directory

    def patients(self, party: str, search: str = "", most: int = 50) -> tuple[list[InCare], int]:
        """Return the first of those who permit this organisation help by a model, and how many.

        They stand in the order of their hospital numbers; `search` is a part of such a number.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt.
        """
        permitted = self._store.permitted_subjects(party, PURPOSE)
        numbers = self._directory.numbers_of(permitted)
        part = search.casefold()
        wanted = [one for one in permitted if part in numbers.get(one, "").casefold()]
        wanted.sort(key=lambda one: (numbers.get(one, ""), one))
        chosen, name = wanted[:most], self._store.pseudonyms(LABEL)
        ends = self._ledger.end_times(
            sorted({consent for one in chosen for consent in permitted[one].values()})
        )
        found = [
            InCare(
                name(one).hex()[:32],
                one,
                numbers.get(one, ""),
                tuple(sorted(permitted[one])),
                min(ends.get(consent, 0) for consent in permitted[one].values()),
            )
            for one in chosen
        ]
        return found, len(wanted)

    def patient(self, party: str, key: str) -> InCare:
        """Return one of an organisation's patients.

        Whoever does not permit it, or does not exist, costs the same work and looks the same.

        Raises:
            NotFound: nobody of this name permits it now.
        """
        permitted = self._store.permitted_subjects(party, PURPOSE)
        name = self._store.pseudonyms(LABEL)
        found = next((one for one in permitted if name(one).hex()[:32] == key), None)
        number = self._directory.number_of(found or b"\0" * 32) or ""
        consents = sorted(set(permitted[found].values())) if found else []
        ends = self._ledger.end_times(consents)
        if found is None:
            raise NotFound
        categories = tuple(sorted(permitted[found]))
        return InCare(key, found, number, categories, min(ends.values(), default=0))
