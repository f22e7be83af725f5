"""Whom an organisation may help: patients who permit it, by names that tell nothing."""

from __future__ import annotations

from dataclasses import dataclass

from consent import Law
from storage import Safe
from web.asking.directory import Directory
from web.errors import NotFound

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

    def __init__(self, safe: Safe, law: Law, directory: Directory) -> None:
        self._safe = safe
        self._law = law
        self._directory = directory

    def patients(self, party: str, search: str = "") -> list[InCare]:
        """Return everybody who permits this organisation help by a model, by hospital number.

        Raises:
            LedgerUnavailable (consent): the ledger is away or in doubt.
        """
        permitted = self._safe.permitted(party, PURPOSE)
        numbers = self._directory.numbers_of(permitted)
        wanted = [one for one in permitted if search.casefold() in numbers.get(one, "").casefold()]
        ends = self._law.ends_of(
            sorted({consent for one in wanted for consent in permitted[one].values()})
        )
        name = self._safe.pseudonyms(LABEL)
        found = [
            InCare(
                name(one).hex()[:32],
                one,
                numbers.get(one, ""),
                tuple(sorted(permitted[one])),
                min(ends.get(consent, 0) for consent in permitted[one].values()),
            )
            for one in wanted
        ]
        return sorted(found, key=lambda one: (one.number, one.key))

    def patient(self, party: str, key: str) -> InCare:
        """Return one of an organisation's patients.

        Whoever does not permit it, or does not exist, costs the same work and looks the same.

        Raises:
            NotFound: nobody of this name permits it now.
        """
        permitted = self._safe.permitted(party, PURPOSE)
        name = self._safe.pseudonyms(LABEL)
        found = next((one for one in permitted if name(one).hex()[:32] == key), None)
        number = self._directory.number_of(found or b"\0" * 32) or ""
        consents = sorted(set(permitted[found].values())) if found else []
        ends = self._law.ends_of(consents)
        if found is None:
            raise NotFound
        categories = tuple(sorted(permitted[found]))
        return InCare(key, found, number, categories, min(ends.values(), default=0))
