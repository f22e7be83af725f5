"""Write records as FHIR R4 NDJSON for their own patient: resources as they arrived, all digits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

from consent import CATEGORIES
from records.documents import UNDATED
from records.medicines import BESIDE
from records.systems import UCUM
from records.values import as_written
from storage import Record

RECORD_SYSTEM: Final = "urn:vouchsafe:record"
SUBJECT_SYSTEM: Final = "urn:vouchsafe:subject"
_COMPARATORS: Final = ("<=", ">=", "<", ">")


def to_ndjson(records: Iterable[Record]) -> Iterator[bytes]:
    """Yield each resource of the records as a line.

    A document's resources are its bytes. Each value of a record of schema 1 is an Observation with
    the status `unknown`, since its table stated none. A medicine that several documents have beside
    what refers to it is written once.
    """
    written = set[bytes]()
    for record in records:
        names = [arrival.identity for arrival in record.arrivals]
        beside = {
            resource
            for resource, name in zip(record.resources, names, strict=False)
            if name.startswith(BESIDE)
        }
        for resource in record.resources or _observations(record):
            if resource not in beside or resource not in written:
                yield resource + b"\n"
        written |= beside


def _observations(record: Record) -> Iterator[bytes]:
    values = as_written(record.observations)
    for place, (code, (value, unit)) in enumerate(sorted(values.items())):
        system, _, name = code.rpartition("|")
        resource: dict[str, Any] = {
            "resourceType": "Observation",
            "id": f"{record.record_id}-{place}",
            "identifier": [{"system": RECORD_SYSTEM, "value": record.record_id}],
            "status": "unknown",
            "category": [{"coding": [_category(record.category)]}],
            "code": {"coding": [{"system": system, "code": name}]},
            "subject": {
                "identifier": {"system": SUBJECT_SYSTEM, "value": record.subject.hex()},
                "type": "Patient",
            },
            **_value(value, unit),
        }
        if record.recorded_on != UNDATED:
            resource["effectiveDateTime"] = record.recorded_on
        yield orjson.dumps(resource, option=orjson.OPT_SORT_KEYS)


def _category(category: str) -> dict[str, str]:
    return {"system": CATEGORIES[category].system, "code": category}


def _value(value: bool | int | float | str, unit: str) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if isinstance(value, int | float):
        return {"valueQuantity": {"value": value, **_unit(unit)}}
    comparator = next((each for each in _COMPARATORS if value.startswith(each)), "")
    number = _number(value.removeprefix(comparator)) if comparator else None
    if number is None:
        return {"valueString": value}
    return {"valueQuantity": {"comparator": comparator, "value": number, **_unit(unit)}}


def _unit(unit: str) -> dict[str, str]:
    return {"unit": unit, "system": UCUM, "code": unit} if unit else {}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
