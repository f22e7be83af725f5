"""Reads what delivered Patients say about the person: that another Patient is the same one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from records.fhir_file import FhirEntry
from records.references import Subject, find_links
from services.custodian.patient_names import PatientNames
from services.requests import PatientDirectory
from storage import RecordStore

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
        self._links: list[tuple[bytes, str, Subject]] = []

    def read(self, entries: Sequence[FhirEntry], subjects: Mapping[int, bytes]) -> None:
        """Take note of what the Patients among these entries say; `subjects` by their index."""
        for index, subject in subjects.items():
            if entries[index].kind == PATIENT:
                links = find_links(entries[index], self._sender, self._systems)
                self._links += [(subject, kind, other) for kind, other in links]

    def propose_links(self) -> None:
        """Propose each link whose other Patient is known; a custodian confirms or dismisses it.

        What a custodian dismissed or undid stays so. A link to a Patient who arrives later is
        proposed when either Patient is sent again.
        """
        persons = [other.person for *_, other in self._links if other.person is not None]
        by_person = self._directory.find_subjects(persons)
        by_name = self._names.find({name for *_, other in self._links for name in other.names})
        for subject, kind, other in self._links:
            known = (by_name[name] for name in other.names if name in by_name)
            linked = by_person.get(other.person or "") or next(known, None)
            if linked is not None and linked != subject:
                self._store.links.propose(subject, linked, kind, self._sender)
