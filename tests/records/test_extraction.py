from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import orjson
import pytest

from records import events as event_table
from records.documents import observations
from records.events import EventBuilder, EventTable
from records.extraction import EVENTS, codes_of_record
from storage import Arrival, Record

ARRIVED_S = 1_700_000_000  # 2023-11-14
GLUCOSE = {"coding": [{"system": "l", "code": "1"}, {"system": "l", "code": "2"}]}


def measured(day: str, **value: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": GLUCOSE,
        "effectiveDateTime": day,
        **value,
    }


def records() -> list[Record]:
    resources = (
        measured("2020-01-01", valueQuantity={"value": 0.1, "code": "g/L", "comparator": "<"}),
        measured("2021", valueCodeableConcept=GLUCOSE),
        measured("2204-01-01", valueInteger=7),
        {"resourceType": "Patient", "birthDate": "1960-02", "gender": "female"},
        {"resourceType": "List"},
    )
    contents = tuple(map(orjson.dumps, resources))
    arrivals = tuple(Arrival(str(n), 1, ARRIVED_S) for n in range(len(contents)))
    table = {"l|3": (5.25, "mmol/L"), "l|3 bound": ("<", ""), "l|4": (True, ""), "l|5": ("a", "")}
    return [
        Record(b"s" * 32, "laboratory", "c", "2020-01-01", {}, "b", 1, contents, arrivals),
        Record(b"s" * 32, "condition", "c", "2020-01-01", {}, "a", 1, contents[:1], arrivals[:1]),
        Record(b"s" * 32, "survey", "c", "2019-05-05", table, "c"),
        Record(b"s" * 32, "survey", "c", "2019-05-06", {}, "d"),
    ]


def extracted(record: Record) -> Record:
    place = (record.subject, record.category, record.custodian, record.recorded_on, {})
    return Record(*place, record.record_id, record.version, extract=EVENTS.extract(record))


def table_of(several: list[Record]) -> EventTable:
    builder = EventBuilder()
    for number, record in enumerate(several):
        builder.add_record(number % 2, record)
    return builder.build()


def assert_same(first: EventTable, second: EventTable) -> None:
    for field in fields(EventTable):
        ours, theirs = getattr(first, field.name), getattr(second, field.name)
        if isinstance(ours, np.ndarray):
            assert (ours.dtype, ours.tobytes()) == (theirs.dtype, theirs.tobytes()), field.name
        else:
            assert ours == theirs, field.name


def test_events_released_in_place_of_contents_make_the_same_table_to_the_byte() -> None:
    whole = table_of(records())
    assert len(whole) > 8
    assert whole.no_event == {"dated-after-arrival": 1, "kind-without-events": 1}
    assert_same(table_of([extracted(record) for record in records()]), whole)


def test_rows_packed_in_chunks_make_the_same_table(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = table_of(records())
    monkeypatch.setattr(event_table, "_CHUNK_ROWS", 2)
    assert_same(table_of(records()), whole)


def test_an_extract_is_never_extracted_otherwise_again() -> None:
    for record in map(extracted, records()):
        assert EVENTS.extract(record) == record.extract


def test_observations_of_a_record_that_was_released_as_events_are_refused() -> None:
    record = extracted(records()[0])
    assert codes_of_record(record) >= {"l|1", "l|2", "BIRTH", "SEX"}
    with pytest.raises(ValueError, match="released as events"):
        observations(record)
