"""Reads what delivered Patients say about the person: who else is the same one, and a death."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from records.outcomes import Outcome
from records.persons import is_deceased
from records.references import Subject, find_links
from services.custodian.filing import Filing
from services.custodian.patient_names import PatientNames
from services.requests import PatientDirectory
from storage import RecordStore
from storage.deceased import BY_FILE

PATIENT: Final = "Patient"


class PatientNotices:
    """The notices of one delivery; links are proposed at its end, when every name is known."""

    def __init__(
        self,
        store: RecordStore,
        directory: PatientDirectory,
        names: PatientNames,
        sender: str,
        systems: Sequence[str],
    ) -> None:
        self._store = store
        self._directory = directory
        self._names = names
        self._sender = sender
        self._systems = systems
        self._deaths: dict[bytes, bool] = {}
        self._links: list[tuple[bytes, str, Subject]] = []

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
        """
        deceased = self._store.deceased
        marked = deceased.find(self._deaths)
        for subject, has_died in self._deaths.items():
            if has_died and subject not in marked:
                deceased.mark(subject, BY_FILE, self._sender)
            elif not has_died and subject in marked:
                deceased.unmark(subject, BY_FILE, self._sender)
        self._propose_links()

    def _propose_links(self) -> None:
        persons = [other.person for *_, other in self._links if other.person is not None]
        by_person = self._directory.find_subjects(persons)
        by_name = self._names.find({name for *_, other in self._links for name in other.names})
        for subject, kind, other in self._links:
            known = (by_name[name] for name in other.names if name in by_name)
            linked = by_person.get(other.person or "") or next(known, None)
            if linked is not None and linked != subject:
                self._store.links.propose(subject, linked, kind, self._sender)
