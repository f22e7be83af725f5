"""Writes whole records of permitted people as FHIR R4 NDJSON without what names anybody."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from records.deidentified import Cleaner, Person, Removed, code_names, reference_names
from records.fhir_out import to_ndjson
from records.json_strict import dumps_exact, loads_exact
from records.meds import MIN_PEOPLE, shift_of
from storage import Record

FHIR_VERSION: Final = "4.0.1"
NAME_CHARACTERS: Final = 32
_MAX_DEPTH: Final = 64


@dataclass(frozen=True, slots=True)
class FhirCopy:
    """The files of a copy.

    Attributes:
        files: by name, as Bulk Data names them: `Observation.ndjson`.
        resources: how many there are of each kind.
        removed: how much was removed, by what it was.
    """

    files: Mapping[str, bytes]
    resources: Mapping[str, int]
    removed: Mapping[str, int]


def write_fhir(
    people: Mapping[bytes, Sequence[Record]],
    pseudonym: Callable[[bytes], bytes],
    never: Sequence[str] = (),
) -> FhirCopy:
    """Return the resources of these people, one a line, one file for each kind.

    The id of a Patient is the person's pseudonym; other ids are keyed hashes, so they are the same
    in each copy of a study. All dates of a person move as in `records.meds`; a date of birth is a
    year after that. `records.deidentified` says what is removed. The same people give the same
    bytes.

    Args:
        people: the permitted records of each person.
        pseudonym: a keyed hash to 32 bytes; of the person's key it gives name and shift.
        never: codes that may not be in it with their values, as in `records.meds.MedsSet`.
    """
    named = sorted((pseudonym(key), records) for key, records in people.items())
    cleaner = Cleaner(_find_shared([records for _, records in named]), never)
    lines: defaultdict[str, list[bytes]] = defaultdict(list)
    for name, records in named:
        for resource in _clean_person(name, records, pseudonym, cleaner):
            lines[resource["resourceType"]].append(dumps_exact(resource) + b"\n")
    return FhirCopy(
        files={f"{kind}.ndjson": b"".join(lines[kind]) for kind in sorted(lines)},
        resources={kind: len(lines[kind]) for kind in sorted(lines)},
        removed={reason.value: cleaner.removed[reason] for reason in Removed},
    )


def _find_shared(people: Sequence[Sequence[Record]]) -> frozenset[str]:
    """Return the names of codes that enough people have."""
    counts: Counter[str] = Counter()
    for records in people:
        counts.update(
            {text for resource, _ in _resources(records) for text in code_names(resource)}
        )
    return frozenset(text for text, number in counts.items() if number >= MIN_PEOPLE)


def _clean_person(
    name: bytes,
    records: Sequence[Record],
    pseudonym: Callable[[bytes], bytes],
    cleaner: Cleaner,
) -> Iterator[dict[str, Any]]:
    """Yield the one Patient of a person, then the other resources, each with its new id."""
    row_name = name.hex()[:NAME_CHARACTERS]
    new_ids, names = list[str](), dict[str, str]()
    for place, (resource, identity) in enumerate(_resources(records)):
        kind, own = str(resource.get("resourceType")), str(resource.get("id") or "")
        new_id = row_name
        if kind != "Patient":
            called = f"resource {row_name} {kind}/{identity or own or place}"
            new_id = pseudonym(called.encode()).hex()[:NAME_CHARACTERS]
        new_ids.append(new_id)
        # The last is what urn:uuid: names. What two resources are called names neither.
        for called in {*reference_names(identity), f"{kind}/{own}", own} - {""}:
            reference = f"{kind}/{new_id}"
            names[called] = reference if names.get(called, reference) == reference else ""
    person = Person(row_name, shift_of(name), names)
    patient: dict[str, Any] = {"resourceType": "Patient", "id": row_name}
    others = []
    for new_id, (resource, _) in zip(new_ids, _resources(records), strict=True):
        cleaned = cleaner.clean(resource, person)
        if cleaned is not None and cleaned["resourceType"] == "Patient":
            patient |= cleaned | {"id": row_name}
        elif cleaned is not None:
            others.append(cleaned | {"id": new_id})
    yield patient
    yield from others


def _resources(records: Sequence[Record]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each resource of the records, with its identity; "" for one of schema 1."""
    for record in records:
        identities = [arrival.identity for arrival in record.arrivals]
        for place, line in enumerate(to_ndjson([record])):
            identity = identities[place] if place < len(identities) else ""
            yield loads_exact(line, _MAX_DEPTH), identity
