"""Reads who the Patients of a delivery's files are, before anything that refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from records.errors import FhirInvalid, JsonInvalid
from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries
from records.medicines import MEDICATION
from records.persons import find_person
from records.references import Patients, patient_names
from services.custodian.fhir_files import FhirFile
from services.custodian.medicines import Medicines
from storage.collector import collector_paused

PATIENT: Final = "Patient"
DELETE: Final = "DELETE"


def read_people(
    files: Sequence[FhirFile], sender: str, systems: Sequence[str], medicines: Medicines
) -> tuple[Patients, list[frozenset[str]]]:
    """Return the people of all files, and those of each file; adds the medicines to `medicines`.

    Args:
        files: all of a delivery, since references may come before what they refer to.
        sender: who sent them.
        systems: the identifier systems that name a person.
        medicines: on return it has every Medication of the files, and their deletions.

    Raises:
        FhirInvalid, JsonInvalid (records): a file cannot be read at all.
    """
    patients, people = Patients(), list[frozenset[str]]()
    for file in files:
        # It would scan a Bundle's resources again and again; between files it runs.
        with collector_paused():
            entries = _named(file, is_one=len(files) == 1)
            people.append(_people_of(entries, sender, systems, patients, medicines))
    medicines.flush()
    return patients, people


def _people_of(
    entries: Iterable[FhirEntry],
    sender: str,
    systems: Sequence[str],
    patients: Patients,
    medicines: Medicines,
) -> frozenset[str]:
    persons = set[str]()
    for entry in entries:
        medicines.add(entry)
        if entry.kind == PATIENT:
            person, _ = find_person(entry.resource or {}, systems)
            if person is not None:
                patients.add(patient_names(entry, sender), person)
                persons.add(person)
    return frozenset(persons)


def _named(file: FhirFile, *, is_one: bool) -> Iterator[FhirEntry]:
    """Yield the patients, medicines and deletions of a file; of several, an error names it.

    Raises:
        FhirInvalid, JsonInvalid (records): it cannot be read.
    """
    try:
        # Bundles in lines are read by entry: too many entries are found before any is stored.
        yield from read_entries(file.open(), PATIENT, MEDICATION, DELETE, "entry", "parameter")
    except (FhirInvalid, JsonInvalid) as exc:
        raise exc if is_one else type(exc)(f"{file.name}: {exc}") from exc
