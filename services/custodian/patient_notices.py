"""Reads what delivered Patients say about the person: who else is the same one, and a death."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import define, field

from records.outcomes import Outcome
from records.persons import is_deceased
from records.references import Subject, find_links
from services.custodian.filings import Filing
from services.custodian.patient_journal import PatientJournal
from services.custodian.patient_names import PatientNames
from services.requests import PatientDirectory
from services.requests.history import DECEASED_NOTED, DECEASED_UNDONE
from storage import RecordStore
from storage.deceased import BY_FILE

PATIENT: Final = "Patient"
_WHY: Final = "a file's note"


@define(eq=False, repr=False, kw_only=True)
class PatientNotices:
    """The notices of one delivery; links are proposed at its end, when every name is known."""

    _store: RecordStore
    _directory: PatientDirectory
    _names: PatientNames
    _journal: PatientJournal
    _sender: str
    _systems: Sequence[str]
    _deaths: dict[bytes, bool] = field(init=False, factory=dict)
    _links: list[tuple[bytes, str, Subject]] = field(init=False, factory=list)

    def read(self, filings: Sequence[Filing]) -> None:
        """Take note of what the Patients among these filings say; older versions say nothing."""
        for filing in filings:
            is_current = filing.outcome not in (Outcome.REFUSED, Outcome.OLDER)
            if filing.entry.kind == PATIENT and is_current:
                links = find_links(filing.entry, self._sender, self._systems)
                self._links += [(filing.subject, kind, other) for kind, other in links]
                stated = is_deceased(filing.entry.resource or {})
                if stated is not None:
                    self._deaths[filing.subject] = stated

    def apply(self) -> None:
        """Mark who has died, and propose each link whose other Patient is known.

        A custodian confirms or dismisses a proposal; what a custodian dismissed or undid stays so.
        A link to a Patient who arrives later is proposed when either Patient is sent again.
        Each change of a mark is journalled first.

        Raises:
            LedgerUnavailable (consent), JournalUnavailable (storage): nothing was marked; deliver
                again.
        """
        deceased = self._store.deceased
        marked = deceased.find(self._deaths)
        for has_died, outcome, change in (
            (True, DECEASED_NOTED, deceased.mark),
            (False, DECEASED_UNDONE, deceased.unmark),
        ):
            subjects = [
                subject
                for subject, stated in self._deaths.items()
                if stated == has_died
                and has_died != (subject in marked)
                and deceased.would_change(subject, BY_FILE, has_died=has_died)
            ]
            if subjects:
                self._journal.record(outcome, _WHY, subjects, by=self._sender)
            for subject in subjects:
                change(subject, BY_FILE, self._sender)
        self._propose_links()

    def _propose_links(self) -> None:
        persons = [other.contained or other.person or "" for *_, other in self._links]
        by_person = self._directory.find_subjects(filter(None, persons))
        by_name = self._names.find({name for *_, other in self._links for name in other.names})
        for (subject, kind, other), person in zip(self._links, persons, strict=True):
            known = (by_name[name] for name in other.names if name in by_name)
            linked = by_person.get(person) or next(known, None)
            if linked is not None and linked != subject:
                self._store.links.propose(subject, linked, kind, self._sender)
