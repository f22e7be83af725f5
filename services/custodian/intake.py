"""Takes FHIR files in: resolves whose each resource is, files it, and reports on every entry."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, takewhile
from typing import Final

import sqlalchemy as sa

from models import Diagnostics
from records.categories import read_rules
from records.fhir_file import FhirEntry, read_entries
from records.outcomes import COUNTED, NOTES, EntryCode, EntryOutcome, Outcome
from records.persons import find_person
from records.placement import content_of, identity_of
from records.references import (
    OWNERLESS,
    Patients,
    Subject,
    find_subject,
    only_server,
    patient_names,
)
from services.custodian.fhir_files import FhirFile, chunks, groups
from services.custodian.filing import Filing, ResourceFiling
from services.custodian.items import ItemIndex
from services.custodian.parked import Parked, ParkedEntries
from services.custodian.patient_journal import PatientJournal
from services.custodian.patient_names import PatientNames
from services.custodian.patient_notices import PatientNotices
from services.installation import Installation
from services.requests import PatientDirectory
from storage import RecordStore

Progress = Callable[[str, int, int], None]
PATIENT: Final = "Patient"


@dataclass(slots=True)
class IntakeReport:
    """What became of every entry.

    Attributes:
        files: of each file, its name and the outcome of each entry, in the file's order.
        joined: how many parked resources were filed because their patient arrived.
        corrected_records: how many stored records got a corrected or deleted value.
        affected_models: the ids of models that were trained on one of those records.
        rules: the version of the rules of categories.
    """

    files: list[tuple[str, list[EntryOutcome]]] = field(default_factory=list)
    joined: int = 0
    corrected_records: int = 0
    affected_models: tuple[str, ...] = ()
    rules: str = ""

    @property
    def outcomes(self) -> Iterator[EntryOutcome]:
        """The outcomes of every entry of all files."""
        return (outcome for _, outcomes in self.files for outcome in outcomes)

    def counts(self) -> dict[str, int]:
        """Return how many entries had each outcome; the sum is the number of entries."""
        counted = Counter(each.outcome for each in self.outcomes)
        return {outcome.value: counted[outcome] for outcome in COUNTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStores:
    """What is remembered from one delivery to the next.

    Attributes:
        items: which resource is filed in which record.
        names: what senders call their patients.
        parked: resources without a known patient.
    """

    items: ItemIndex
    names: PatientNames
    parked: ParkedEntries


def make_intake_stores(
    engine: sa.Engine, store: RecordStore, clock: Callable[[], float]
) -> IntakeStores:
    """Return the stores of an installation's deliveries."""
    names = PatientNames(engine, store)
    parked = ParkedEntries(engine, store, names, clock)
    return IntakeStores(items=ItemIndex(engine, store), names=names, parked=parked)


class FhirIntake:
    """Takes FHIR in for the custodian that operates this installation."""

    def __init__(  # noqa: PLR0913 - six ports, by keyword
        self,
        *,
        store: RecordStore,
        directory: PatientDirectory,
        stores: IntakeStores,
        diagnostics: Diagnostics,
        journal: PatientJournal,
        installation: Installation,
    ) -> None:
        self._store = store
        self._directory = directory
        self._items = stores.items
        self._names = stores.names
        self._parked = stores.parked
        self._diagnostics = diagnostics
        self._journal = journal
        self._installation = installation

    def check(self, files: Sequence[FhirFile], sender: str, progress: Progress) -> IntakeReport:
        """Return what would become of every entry; nothing is stored.

        `sender` is the system whose ids the files use, or "" for the custodian's only one.

        Raises:
            FhirInvalid, JsonInvalid (records): a file cannot be read at all.
        """
        return self._take(files, sender, progress, dry=True)

    def store(self, files: Sequence[FhirFile], sender: str, progress: Progress) -> IntakeReport:
        """Store every resource, and return what became of every entry.

        Repeating a delivery changes nothing; after a crash, repeating it completes it. Models that
        were trained on a record with a corrected or deleted value are marked as affected.

        Raises:
            FhirInvalid, JsonInvalid (records): a file cannot be read at all.
            VaultSealed, StoreUnavailable, DatabaseUnavailable, DiskFull (storage): try again.
        """
        return self._take(files, sender, progress, dry=False)

    def parked_count(self) -> int:
        """Return how many resources wait for their patient."""
        return self._parked.count(shared=False)

    def _take(
        self, files: Sequence[FhirFile], sender: str, progress: Progress, *, dry: bool
    ) -> IntakeReport:
        sender = sender or self._installation.organisation
        rules = read_rules()
        report = IntakeReport(rules=rules.version)
        filing = ResourceFiling(
            store=self._store,
            items=self._items,
            rules=rules,
            organisation=self._installation.organisation,
            clock=self._installation.clock,
        )
        patients, people = self._patients(files, sender)
        notices = PatientNotices(
            store=self._store,
            directory=self._directory,
            names=self._names,
            journal=self._journal,
            sender=sender,
            systems=self._systems,
        )
        delivery = _Delivery(sender, patients, filing, dry, files, notices)
        report.files = [(file.name, []) for file in files]
        for group in groups(people):
            for chunk in chunks(files, group):
                progress("storing" if not dry else "checking", chunk[0][0], len(files))
                outcomes = self._take_chunk([entry for _, entry in chunk], delivery)
                for (index, _), outcome in zip(chunk, outcomes, strict=True):
                    report.files[index][1].append(outcome)
        for _, outcomes in report.files:
            outcomes.sort(key=lambda outcome: outcome.number)
        if not dry:
            notices.apply()
        report.joined = delivery.joined
        report.corrected_records = len(filing.corrected)
        if filing.corrected and not dry:
            affected = self._diagnostics.apply_corrections(sorted(filing.corrected))
            report.affected_models = tuple(each.model.id for each in affected)
        progress("storing" if not dry else "checking", len(files), len(files))
        return report

    def _patients(
        self, files: Sequence[FhirFile], sender: str
    ) -> tuple[Patients, list[frozenset[str]]]:
        """Return the people of all files first, since references may come before them.

        Also returns the people of each file.
        """
        patients, people = Patients(), list[frozenset[str]]()
        for file in files:
            persons = set[str]()
            for entry in read_entries(file.open(), PATIENT):
                if entry.kind == PATIENT:
                    person, _ = find_person(entry.resource or {}, self._systems)
                    if person is not None:
                        patients.add(patient_names(entry, sender), person)
                        persons.add(person)
            people.append(frozenset(persons))
        return patients, people

    @property
    def _systems(self) -> Sequence[str]:
        return self._installation.person_systems

    def _take_chunk(self, entries: Sequence[FhirEntry], delivery: _Delivery) -> list[EntryOutcome]:
        """Take entries in; return the outcome of each, in order."""
        resolved = self._resolve(entries, delivery)
        filings, waiting = dict[int, Filing](), list[Parked]()
        outcomes = dict[int, EntryOutcome]()
        for index, entry in enumerate(entries):
            if entry.code:
                outcomes[index] = _unreadable(entry)
            elif entry.resource is None or index in resolved.subjects:
                subject = resolved.subjects.get(index, b"")
                filings[index] = Filing(entry.number, entry, subject)
            else:
                parked, outcomes[index] = _park(entry, resolved.unknown[index], delivery)
                waiting.append(parked)
        self._file(list(filings.values()), delivery)
        outcomes |= {index: _outcome(filing) for index, filing in filings.items()}
        if not delivery.dry:
            self._parked.add(waiting)
            self._join(entries, resolved.subjects, delivery)
            delivery.notices.read(list(filings.values()))
        return [outcomes[index] for index in range(len(entries))]

    def _resolve(self, entries: Sequence[FhirEntry], delivery: _Delivery) -> _Resolved:
        """Return whose each resource is, or why nobody's."""
        resolved, persons = _Resolved(), dict[int, str]()
        named: dict[int, Subject] = {}
        for index, entry in enumerate(entries):
            if entry.resource is None or entry.code:
                continue
            subject = self._find_subject(entry, delivery)
            if subject.person is not None:
                persons[index] = subject.person
            elif subject.code:
                resolved.unknown[index] = subject
            else:
                named[index] = subject
        self._resolve_named(named, resolved, persons, delivery)
        by_person = self._subjects(list(dict.fromkeys(persons.values())), delivery)
        resolved.subjects |= {index: by_person[person] for index, person in persons.items()}
        return resolved

    def _find_subject(self, entry: FhirEntry, delivery: _Delivery) -> Subject:
        if entry.kind != PATIENT:
            return find_subject(entry, delivery.sender, self._systems)
        person, code = find_person(entry.resource or {}, self._systems)
        return Subject("identifier", person=person, code=code)

    def _resolve_named(
        self,
        named: Mapping[int, Subject],
        resolved: _Resolved,
        persons: dict[int, str],
        delivery: _Delivery,
    ) -> None:
        """Find patients by name: each name in this delivery and in earlier ones, then the next."""
        patients = delivery.patients
        known = self._names.find(
            {
                name
                for subject in named.values()
                for name in takewhile(lambda name: name not in patients, subject.names)
            }
        )
        for index, subject in named.items():
            is_known = (name for name in subject.names if name in patients or name in known)
            name = next(is_known, subject.bare if self._is_own(subject, delivery) else "")
            person, code = patients.find([name])
            earlier = known.get(name) if name not in patients else None
            if person is not None:
                persons[index] = person
            elif earlier is not None:
                resolved.subjects[index] = earlier
            else:
                code = EntryCode.AMBIGUOUS_SUBJECT if name in known else code
                resolved.unknown[index] = subject._replace(code=code)

    def _is_own(self, subject: Subject, delivery: _Delivery) -> bool:
        """Return whether an absolute reference is to a Patient of this delivery that has no URL.

        Only if the delivery names a single server, and no Patient is known by a URL there.
        """
        if not subject.bare or subject.bare not in delivery.patients:
            return False
        if delivery.own_base is None:
            entries = chain.from_iterable(read_entries(file.open()) for file in delivery.files)
            base, references = only_server(entries, delivery.sender, self._systems)
            is_other = bool(self._names.find(references)) or delivery.patients.has_server(base)
            delivery.own_base = "" if is_other else base
        return subject.base == delivery.own_base

    def _subjects(self, persons: Sequence[str], delivery: _Delivery) -> Mapping[str, bytes]:
        if not delivery.dry:
            return self._directory.get_or_add(persons)
        # A check adds nobody to the directory; new people get a name that only this check uses.
        stand_in = self._store.pseudonyms("checked-person")
        new = {person: stand_in(person.encode()) for person in persons}
        return new | self._directory.find_subjects(persons)

    def _file(self, filings: Sequence[Filing], delivery: _Delivery) -> None:
        delivery.filing.file(filings, delivery.sender, dry=delivery.dry)
        if not delivery.dry and self._parked.count():
            # What waited before, such as a Patient without a number, is filed now.
            self._parked.delete_identities(
                _waiting_name(filing.entry, delivery.sender)
                for filing in filings
                if filing.outcome is not Outcome.REFUSED
            )

    def _join(
        self, entries: Sequence[FhirEntry], subjects: Mapping[int, bytes], delivery: _Delivery
    ) -> None:
        """Store what the patients of a chunk are called, and file what waited for them."""
        erased = self._store.find_erased(set(subjects.values()))
        named = {
            name: subject
            for index, subject in subjects.items()
            if entries[index].kind == PATIENT and subject not in erased
            for name in patient_names(entries[index], delivery.sender)
        }
        self._names.add(named)
        waiting = self._parked.waiting_for(named)
        known = self._names.find({name for each in waiting.values() for name in each.names})
        filings, keys = list[Filing](), list[bytes]()
        for key, parked in waiting.items():
            patients = (known[name] for name in parked.names if name in known)
            subject = next(patients, None)
            if subject is not None:
                filings.append(Filing(0, parked.entry, subject, sender=parked.sender))
                keys.append(key)
        if filings:
            delivery.filing.file(filings, delivery.sender, dry=False)
            self._parked.delete(keys)
        delivery.joined += len(filings)


@dataclass(slots=True)
class _Delivery:
    """The files of one sender that are taken in together; `own_base` None: not looked up yet."""

    sender: str
    patients: Patients
    filing: ResourceFiling
    dry: bool
    files: Sequence[FhirFile]
    notices: PatientNotices
    own_base: str | None = None
    joined: int = 0


@dataclass(slots=True)
class _Resolved:
    """Whose each entry of a chunk is, by its index; or why it is nobody's."""

    subjects: dict[int, bytes] = field(default_factory=dict)
    unknown: dict[int, Subject] = field(default_factory=dict)


def _unreadable(entry: FhirEntry) -> EntryOutcome:
    outcome = Outcome.NOTE if entry.code in NOTES else Outcome.REFUSED
    return EntryOutcome(entry.number, outcome, entry.kind, entry.code)


def _park(entry: FhirEntry, subject: Subject, delivery: _Delivery) -> tuple[Parked, EntryOutcome]:
    """Return a resource without a known patient as it is stored, and its outcome."""
    is_shared = subject.code in (EntryCode.NO_SUBJECT, EntryCode.SUBJECT_NOT_PERSON)
    code = EntryCode.NOTHING if entry.kind in OWNERLESS and is_shared else subject.code
    outcome = Outcome.SHARED if is_shared else Outcome.PARKED
    identity = _waiting_name(entry, delivery.sender)
    element = ".".join(part for part in (entry.kind, subject.element) if part)
    parked = Parked(identity, entry, delivery.sender, subject.names)
    return parked, EntryOutcome(entry.number, outcome, entry.kind, code, element if code else "")


def _waiting_name(entry: FhirEntry, sender: str) -> str:
    """Return the name under which an entry waits; one without a name waits by its content."""
    name = identity_of(entry, sender)
    if name or entry.resource is None:
        return name
    digest = hashlib.sha256(content_of(entry.resource)).hexdigest()
    return f"{sender}|{entry.number}|{digest}"


def _outcome(filing: Filing) -> EntryOutcome:
    kind = filing.entry.kind
    return EntryOutcome(filing.number, filing.outcome, kind, filing.code)
