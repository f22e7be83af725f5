"""Finds whose each resource of a FHIR delivery is, by reference and by identifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile

from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries
from records.outcomes import EntryCode
from records.persons import find_person
from records.references import IDENTIFIER, Patients, Subject, find_subject, only_server
from services.custodian.delivered_people import PATIENT
from services.custodian.fhir_files import FhirFile
from services.custodian.parked import subject_name
from services.custodian.patient_names import PatientNames
from services.requests import PatientDirectory


@dataclass(slots=True)
class Resolved:
    """Whose each entry is, by its index; or why it is nobody's."""

    subjects: dict[int, bytes] = field(default_factory=dict)
    unknown: dict[int, Subject] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A patient by hospital number, or by an earlier delivery; or why there is none."""

    person: str | None = None
    earlier: bytes | None = None
    code: EntryCode = EntryCode.NOTHING


@dataclass(slots=True, kw_only=True)
class SubjectSearch:
    """Finds the patients that one delivery names.

    Attributes:
        names: what senders called their patients in earlier deliveries.
        directory: of patients by hospital number.
        to_subjects: gives the subjects of hospital numbers; one that it leaves out is unknown.
        systems: of identifiers, the most trusted first.
        sender: of the delivery.
        patients: of the delivery.
        files: of the delivery.
    """

    names: PatientNames
    directory: PatientDirectory
    to_subjects: Callable[[Sequence[str]], Mapping[str, bytes]]
    systems: Sequence[str]
    sender: str
    patients: Patients
    files: Sequence[FhirFile] = ()
    _own_base: str | None = None

    def resolve(self, entries: Sequence[FhirEntry]) -> Resolved:
        """Return whose each resource is, or why nobody's.

        A resource that names two patients, by references or identifiers, is nobody's.
        """
        named = {
            index: self._find_subject(entry)
            for index, entry in enumerate(entries)
            if entry.resource is not None and not entry.code
        }
        candidates = self._find_candidates(named)
        contradicted = self._find_contradicted(candidates)
        persons = [
            each[0].person
            for index, each in candidates.items()
            if each[0].person is not None and index not in contradicted
        ]
        by_person, resolved = self.to_subjects(list(dict.fromkeys(persons))), Resolved()
        for index, subject in named.items():
            first = candidates[index][0] if index in candidates else _Candidate(code=subject.code)
            owner = first.earlier or by_person.get(first.person or "")
            if index in contradicted:
                code = EntryCode.CONTRADICTING_SUBJECT
                names = (*subject.names, *contradicted[index])
                resolved.unknown[index] = subject._replace(names=names, code=code)
            elif owner is not None:
                resolved.subjects[index] = owner
            else:
                code = first.code or EntryCode.UNKNOWN_SUBJECT
                resolved.unknown[index] = subject._replace(code=code)
        return resolved

    def _find_subject(self, entry: FhirEntry) -> Subject:
        if entry.kind != PATIENT:
            return find_subject(entry, self.sender, self.systems)
        person, code = find_person(entry.resource or {}, self.systems)
        return Subject("identifier", person=person, code=code)

    def _find_candidates(self, named: Mapping[int, Subject]) -> dict[int, list[_Candidate]]:
        """Return whom the numbers and references of each subject name, without repetition."""
        stated = {index: subject for index, subject in named.items() if not subject.code}
        parts = [part for each in stated.values() for part in (each, *each.several)]
        known = self.names.find({name for part in parts for name in self._open(part)})
        return {index: self._candidates(subject, known) for index, subject in stated.items()}

    def _open(self, subject: Subject) -> Iterator[str]:
        """Return the names that this delivery does not explain, so that an earlier one may."""
        if subject.person is not None:
            return (name for name in subject.names if name not in self.patients)
        beside = [subject.identifier] if subject.identifier else []
        names = takewhile(lambda name: name not in self.patients, subject.names)
        return chain(names, (name for name in beside if name not in self.patients))

    def _candidates(self, subject: Subject, known: Mapping[str, bytes | None]) -> list[_Candidate]:
        """Return whom a subject names; of several patients, those who are known."""
        candidates = self._of_one(subject, known)
        if not subject.several:
            return candidates
        every = candidates + [
            named for each in subject.several for named in self._of_one(each, known)
        ]
        ambiguous = [each for each in every if each.code is EntryCode.AMBIGUOUS_SUBJECT]
        clear = [each for each in every if not each.code]
        return list(dict.fromkeys(ambiguous or clear)) or candidates

    def _of_one(self, subject: Subject, known: Mapping[str, bytes | None]) -> list[_Candidate]:
        candidates = self._referred(subject, known)
        if subject.contained is None:
            return candidates
        others = [each for each in candidates if not each.code]
        return list(dict.fromkeys([_Candidate(subject.contained), *others]))

    def _referred(self, subject: Subject, known: Mapping[str, bytes | None]) -> list[_Candidate]:
        """Return whom reference and identifier name, apart from a contained Patient."""
        bare = subject.bare if self._is_own(subject) else ""
        if subject.person is None:
            first = self._look_up(subject.names, known, bare)
            beside = self._look_up([subject.identifier], known)
            is_both = not first.code and not beside.code
            return list(dict.fromkeys([first, beside] if is_both else [first]))
        by_number = _Candidate(subject.person)
        if not subject.names:
            return [by_number]
        *reference, identifier = subject.names
        if identifier != f"{IDENTIFIER}{self.systems[0]}|{subject.person}":
            # A number of another system may belong to a patient with a hospital number.
            listed = self._look_up([identifier], known)
            by_number = by_number if listed.code is EntryCode.UNKNOWN_SUBJECT else listed
        by_reference = self._look_up(reference, known, bare)
        both = [each for each in (by_number, by_reference) if not each.code]
        return list(dict.fromkeys(both)) or [by_number]

    def _look_up(
        self, names: Sequence[str], known: Mapping[str, bytes | None], bare: str = ""
    ) -> _Candidate:
        """Return whom the first known name stands for: in this delivery, or in earlier ones."""
        is_known = (name for name in names if name in self.patients or name in known)
        name = next(is_known, bare)
        person, code = self.patients.find([name])
        earlier = known.get(name) if name not in self.patients else None
        if person is None and earlier is None:
            return _Candidate(code=EntryCode.AMBIGUOUS_SUBJECT if name in known else code)
        return _Candidate(person, earlier)

    def _is_own(self, subject: Subject) -> bool:
        """Return whether an absolute reference is to a Patient of this delivery that has no URL.

        Only if the delivery names a single server, and no Patient is known by a URL there.
        """
        if not subject.bare or subject.bare not in self.patients:
            return False
        if self._own_base is None:
            entries = chain.from_iterable(read_entries(file.open()) for file in self.files)
            base, references = only_server(entries, self.sender, self.systems)
            is_other = bool(self.names.find(references)) or self.patients.has_server(base)
            self._own_base = "" if is_other else base
        return subject.base == self._own_base

    def _find_contradicted(
        self, candidates: Mapping[int, Sequence[_Candidate]]
    ) -> dict[int, list[str]]:
        """Return which entries name two patients, and the names by which an erasure finds them."""
        pairs = {index: each for index, each in candidates.items() if len(each) > 1}
        persons = {each.person for pair in pairs.values() for each in pair if each.person}
        known = self.directory.find_subjects(sorted(persons))
        named = {
            index: {each.earlier or known.get(each.person or "", each.person) for each in pair}
            for index, pair in pairs.items()
        }
        return {
            index: [name for each in subjects if each for name in self._names_of(each)]
            for index, subjects in named.items()
            if len(subjects) > 1
        }

    def _names_of(self, patient: bytes | str) -> list[str]:
        if isinstance(patient, bytes):
            return [subject_name(patient)]
        # A number that is new: its Patient may be filed after this entry.
        system = self.systems[0] if self.systems else ""
        return [f"{IDENTIFIER}{patient}", f"{IDENTIFIER}{system}|{patient}"]
