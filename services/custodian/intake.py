"""Takes FHIR files in: resolves whose each resource is, files it, and reports on every entry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from models import Diagnostics
from records.categories import read_rules
from records.fhir_entries import FhirEntry
from records.outcomes import COUNTED, EntryCode, EntryOutcome, Outcome, outcome_of
from records.references import IDENTIFIER, patient_names
from services.custodian.deletions import Deletions
from services.custodian.delivered_people import PATIENT, Delivered, read_people
from services.custodian.fhir_files import FhirFile, parts
from services.custodian.filing import ResourceFiling
from services.custodian.filings import Filing, rounds
from services.custodian.intake_stores import IntakeStores
from services.custodian.late_medicines import LateMedicines
from services.custodian.medicines import Medicines
from services.custodian.parked import Parked, park, waiting_name
from services.custodian.patient_journal import PatientJournal
from services.custodian.patient_notices import PatientNotices
from services.custodian.subject_search import SubjectSearch
from services.installation import Installation
from services.requests import PatientDirectory
from storage import RecordStore
from storage.collector import collector_paused

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class IntakeReport:
    """What became of every entry.

    Attributes:
        files: of each file, its name and the outcome of each entry, in the file's order.
        joined: how many parked resources were filed because their patient arrived.
        joined_same: how many more of them were stored already; those do not wait any more either.
        medicines: how many stored resources got the code of their medicine, which came later.
        corrected_medicines: how many stored resources have another version of their medicine.
        lost_medicines: how many lost its code: the medicine was deleted or entered in error.
        corrected_records: how many stored records got a corrected or deleted value.
        affected_models: the ids of models that were trained on one of those records.
        rules: the version of the rules of categories.
    """

    files: list[tuple[str, list[EntryOutcome]]] = field(default_factory=list)
    joined: int = 0
    joined_same: int = 0
    medicines: int = 0
    corrected_medicines: int = 0
    lost_medicines: int = 0
    corrected_records: int = 0
    affected_models: tuple[str, ...] = ()
    rules: str = ""

    @property
    def outcomes(self) -> Iterator[EntryOutcome]:
        """The outcomes of every entry of all files."""
        return (outcome for _, outcomes in self.files for outcome in outcomes)

    def effects(self) -> dict[str, Any]:
        """Return what else changed, beside the outcome of each entry, by attribute."""
        names = {each.name for each in fields(self)} - {"files", "rules"}
        return {name: getattr(self, name) for name in sorted(names)}

    def counts(self) -> dict[str, int]:
        """Return how many entries had each outcome; the sum is the number of entries."""
        counted = Counter(each.outcome for each in self.outcomes)
        return {outcome.value: counted[outcome] for outcome in COUNTED}


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
        self._late = LateMedicines(store, stores.items, stores.uses, stores.servers)
        self._deletions = Deletions(stores.items, stores.parked, stores.servers)
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
        medicines = Medicines(self._parked, self._items, self._deletions, sender, dry=dry)
        delivered = read_people(files, sender, self._systems, medicines)
        notices = PatientNotices(
            store=self._store,
            directory=self._directory,
            names=self._names,
            journal=self._journal,
            sender=sender,
            systems=self._systems,
        )
        search = SubjectSearch(
            names=self._names,
            directory=self._directory,
            to_subjects=self._stand_in if dry else self._directory.get_or_add,
            systems=self._systems,
            sender=sender,
            patients=delivered.patients,
            files=files,
        )
        delivery = _Delivery(sender, search, filing, dry, files, notices, medicines)
        report.files = [(file.name, []) for file in files]
        self._take_all(delivered, delivery, report, progress)
        for _, outcomes in report.files:
            outcomes.sort(key=lambda outcome: outcome.number)
        if not dry:
            changed = self._late.file(medicines, sender, filing)
            report.medicines = changed.late
            report.corrected_medicines, report.lost_medicines = changed.corrected, changed.lost
            notices.apply()
        report.joined_same = delivery.joined.pop(Outcome.SAME, 0)
        report.joined = delivery.joined.total()
        report.corrected_records = len(filing.corrected)
        if filing.corrected and not dry:
            affected = self._diagnostics.apply_corrections(sorted(filing.corrected))
            report.affected_models = tuple(each.model.id for each in affected)
        progress("storing" if not dry else "checking", len(files), len(files))
        return report

    @property
    def _systems(self) -> Sequence[str]:
        return self._installation.person_systems

    def _take_all(
        self,
        delivered: Delivered,
        delivery: _Delivery,
        report: IntakeReport,
        progress: Progress,
    ) -> None:
        """Take the files in, and add what became of every entry."""
        files = delivery.files
        entries = parts(files, delivered.people, delivered.entries)
        reached: int | None = 0
        while reached is not None:
            progress("storing" if not delivery.dry else "checking", reached, len(files))
            # It would scan a chunk's parsed resources again and again; between chunks it runs.
            with collector_paused():
                reached = self._take_next(entries, delivery, report)

    def _take_next(
        self,
        parts: Iterator[list[tuple[int, FhirEntry]]],
        delivery: _Delivery,
        report: IntakeReport,
    ) -> int | None:
        """Take the next chunk in; return the index of its last file, None if there is no chunk."""
        chunk = next(parts, None)
        if chunk is None:
            return None
        outcomes = self._take_chunk([entry for _, entry in chunk], delivery)
        for (index, entry), outcome in zip(chunk, outcomes, strict=True):
            placed = replace(outcome, place=entry.place) if entry.place else outcome
            report.files[index][1].append(placed)
        return chunk[-1][0]

    def _take_chunk(self, entries: Sequence[FhirEntry], delivery: _Delivery) -> list[EntryOutcome]:
        """Take entries in; return the outcome of each, in order."""
        resolved = delivery.search.resolve(entries)
        filings, waiting = dict[int, Filing](), dict[int, Parked]()
        outcomes = dict[int, EntryOutcome]()
        medicines = delivery.medicines.find([(entry, delivery.sender) for entry in entries])
        for index, entry in enumerate(entries):
            stored = delivery.medicines.find_outcome(entry)
            if entry.code:
                outcomes[index] = _unreadable(entry)
            elif stored is not None:
                outcomes[index] = stored
            elif entry.resource is None or index in resolved.subjects:
                subject = resolved.subjects.get(index, b"")
                medicine = medicines[index]
                filings[index] = Filing(entry.number, entry, subject, medicine=medicine)
            else:
                parked, outcomes[index] = park(entry, resolved.unknown[index], delivery.sender)
                waiting |= {index: parked} if parked else {}
        self._deletions.name(filings.values(), delivery.sender)
        self._file([f for f in filings.values() if f.outcome is not Outcome.REFUSED], delivery)
        outcomes |= {index: filing.report for index, filing in filings.items()}
        if not delivery.dry:
            outcomes |= _older(entries, waiting, self._parked.add(waiting.values()))
            self._deletions.remember(entries, delivery.sender)
            self._join(entries, resolved.subjects, delivery)
            delivery.notices.read(list(filings.values()))
        return [outcomes[index] for index in range(len(entries))]

    def _stand_in(self, persons: Sequence[str]) -> Mapping[str, bytes]:
        """Return the subjects of persons: a check adds nobody, new ones get a name of its own."""
        stand_in = self._store.pseudonyms("checked-person")
        new = {person: stand_in(person.encode()) for person in persons}
        return new | self._directory.find_subjects(persons)

    def _file(self, filings: Sequence[Filing], delivery: _Delivery) -> None:
        delivery.filing.file(filings, delivery.sender, dry=delivery.dry)
        if not delivery.dry:
            self._late.remember(filings, delivery.medicines)
        if not delivery.dry and self._parked.count():
            # What waited before, such as a Patient without a number, is filed now.
            self._parked.delete_identities(
                filing.identity
                if filing.is_waiting
                else waiting_name(filing.entry, delivery.sender)
                for filing in filings
                if filing.outcome is not Outcome.REFUSED
            )

    def _join(
        self, entries: Sequence[FhirEntry], subjects: Mapping[int, bytes], delivery: _Delivery
    ) -> None:
        """Store what the patients of a chunk are called, and file what waited for them."""
        erased = self._store.find_erased(set(subjects.values()))
        # A name of two people names nobody, also where they come in different chunks.
        find = delivery.search.patients.find
        named = {
            name: subject if find([name])[0] is not None else None
            for index, subject in subjects.items()
            if entries[index].kind == PATIENT and subject not in erased
            for name in patient_names(entries[index], delivery.sender)
        }
        self._names.add(named)
        waiting = self._parked.waiting_for(named)
        known = self._names.find({name for each in waiting.values() for name in each.names})
        medicines = delivery.medicines.find(
            [(each.entry, each.sender) for each in waiting.values()]
        )
        filings, keys = list[Filing](), list[bytes]()
        for (key, parked), medicine in zip(waiting.items(), medicines, strict=True):
            # A name that is less certain never decides what a more certain one leaves open.
            subject = next((known[name] for name in parked.names if name in known), None)
            if subject is not None and not _names_another(parked, subject, known):
                filing = Filing(0, parked.entry, subject, sender=parked.sender, medicine=medicine)
                filings.append(filing)
                keys.append(key)
        for each in rounds(filings):
            delivery.filing.file(each, delivery.sender, dry=False)
            self._late.remember(each, delivery.medicines)
        self._parked.delete(keys)
        delivery.joined.update(filing.outcome for filing in filings)


@dataclass(slots=True)
class _Delivery:
    """The files of one sender that are taken in together."""

    sender: str
    search: SubjectSearch
    filing: ResourceFiling
    dry: bool
    files: Sequence[FhirFile]
    notices: PatientNotices
    medicines: Medicines
    joined: Counter[Outcome] = field(default_factory=Counter)


def _older(
    entries: Sequence[FhirEntry], waiting: Mapping[int, Parked], older: Sequence[Parked]
) -> dict[int, EntryOutcome]:
    """Return the outcomes of entries of which a newer version waits, by their index."""
    left = {id(each) for each in older}
    return {
        index: EntryOutcome(
            entries[index].number, Outcome.OLDER, entries[index].kind, EntryCode.NEWER_STORED
        )
        for index, each in waiting.items()
        if id(each) in left
    }


def _names_another(parked: Parked, subject: bytes, known: Mapping[str, bytes | None]) -> bool:
    """Return whether the identifier beside the reference of what waited is another patient's."""
    last = parked.names[-1]
    return last.startswith(IDENTIFIER) and known.get(last) not in (None, subject)


def _unreadable(entry: FhirEntry) -> EntryOutcome:
    return EntryOutcome(entry.number, outcome_of(entry.code), entry.kind, entry.code)
