"""Reads who the Patients of a delivery's files are, before anything that refers to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from records.errors import FhirInvalid, JsonInvalid
from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries, read_text
from records.medicines import MEDICATION
from records.persons import find_person
from records.references import Patients, patient_names
from services.chunks import chunks
from services.custodian.fhir_files import CHUNK_ENTRIES, FhirFile
from services.custodian.medicines import Medicines
from storage.collector import collector_paused

PATIENT: Final = "Patient"
DELETE: Final = "DELETE"
FILES_A_PAUSE: Final = 100
"""The collector of cycles is paused for this many files: parsed JSON has no cycles."""


class Delivered(NamedTuple):
    """What is known of the files of a delivery before their resources are filed.

    Attributes:
        patients: who is called what in all of them.
        people: the people of each.
        entries: those of files that were read whole, by the file's index; at most a part of them.
    """

    patients: Patients
    people: list[frozenset[str]]
    entries: dict[int, list[FhirEntry]]


def read_people(
    files: Sequence[FhirFile], sender: str, systems: Sequence[str], medicines: Medicines
) -> Delivered:
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
    whole, room = dict[int, list[FhirEntry]](), CHUNK_ENTRIES
    for part in chunks(list(enumerate(files)), FILES_A_PAUSE):
        # The collector would scan the resources again and again; it runs between parts.
        with collector_paused():
            for index, file in part:
                with _naming(file, is_one=len(files) == 1):
                    entries = read_text(file.open())
                    if entries is not None and len(entries) <= room:
                        whole[index] = entries
                        room -= len(entries)
                    # Bundles in lines are read by entry: too many are found before any is stored.
                    words = (PATIENT, MEDICATION, DELETE, "entry", "parameter")
                    named = read_entries(file.open(), *words) if entries is None else entries
                    people.append(_people_of(named, sender, systems, patients, medicines))
    medicines.flush()
    return Delivered(patients, people, whole)


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


@contextmanager
def _naming(file: FhirFile, *, is_one: bool) -> Iterator[None]:
    """Name a file of several in the error that says why it cannot be read.

    Raises:
        FhirInvalid, JsonInvalid (records): it cannot be read.
    """
    try:
        yield
    except (FhirInvalid, JsonInvalid) as exc:
        raise exc if is_one else type(exc)(f"{file.name}: {exc}") from exc
