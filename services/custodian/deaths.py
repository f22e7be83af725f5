"""Notes which patients have died, or takes a wrong note back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from attrs import define

from services.custodian.patient_journal import PatientJournal
from services.errors import Invalid
from services.requests import PatientDirectory
from services.requests.history import DECEASED_NOTED, DECEASED_UNDONE
from services.words import Words
from storage import RecordStore
from storage.deceased import CUSTODIAN, Death

MAX_LISTED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DeceasedPatient:
    """A patient who is noted as deceased, and the hospital number."""

    death: Death
    number: str


@define(eq=False, repr=False, kw_only=True)
class CustodianDeaths:
    """Patients who have died: no new request reaches them.

    Whether their consents still count is the installation's rule, VOUCHSAFE_CONSENTS_AFTER_DEATH.
    """

    _store: RecordStore
    _directory: PatientDirectory
    _journal: PatientJournal

    @property
    def ends_consents(self) -> bool:
        """Whether consents of the deceased permit nothing any more."""
        return self._store.deceased.ends_consents

    def list_all(self) -> list[DeceasedPatient]:
        """Return the newest 200 notes."""
        deaths = self._store.deceased.list_newest(MAX_LISTED)
        numbers = self._directory.numbers_of(death.subject for death in deaths)
        return [DeceasedPatient(death=d, number=numbers.get(d.subject, "")) for d in deaths]

    def note(self, words: Words, number: str, *, has_died: bool, by: str) -> list[DeceasedPatient]:
        """Note that a patient has died, or take the note back; it is journalled first.

        Repeating it changes nothing. A file that says the same again does not undo a custodian's
        decision.

        Raises:
            Invalid: the number is nobody's.
            LedgerUnavailable (consent), JournalUnavailable (storage): nothing changed.
        """
        subject = self._directory.find_subject(number)
        if subject is None:
            raise Invalid.of("number", words("deceased-number-error"))
        if has_died != bool(self._store.deceased.find([subject])):
            outcome = DECEASED_NOTED if has_died else DECEASED_UNDONE
            self._journal.record(outcome, "a custodian's note", [subject], by=by)
            change = self._store.deceased.mark if has_died else self._store.deceased.unmark
            change(subject, CUSTODIAN, by)
        return self.list_all()
