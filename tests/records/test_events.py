from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from records.events import EventBuilder, EventTable
from storage import Arrival, Record

ARRIVED_S = 1_700_000_000  # 2023-11-14


def document(record_id: str, *resources: Any, category: str = "laboratory") -> Record:
    contents = tuple(part if isinstance(part, bytes) else orjson.dumps(part) for part in resources)
    arrivals = tuple(Arrival(f"{record_id}-{n}", 1, ARRIVED_S) for n in range(len(contents)))
    return Record(
        b"s" * 32, category, "organisation:x", "2020-01-01", {}, record_id, 1, contents, arrivals
    )


def glucose(day: str, number: float, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "l", "code": "1"}, {"system": "l", "code": "2"}]},
        "effectiveDateTime": day,
        "valueQuantity": {"value": number, "code": "mg/dL"},
        **changes,
    }


def table(*records: Record) -> EventTable:
    builder = EventBuilder()
    for record in records:
        builder.add_record(0, record)
    return builder.build()


def test_an_event_has_a_row_for_each_coding() -> None:
    events = table(document("a", glucose("2020-01-01", 90)))
    assert [events.codes[code] for code in events.code] == ["l|1", "l|2"]
    assert len(set(events.event.tolist())) == 1


def test_events_come_in_order_of_time_whatever_the_order_of_the_records() -> None:
    first = document("a", glucose("2021-01-01", 1), glucose("2020-01-01", 2))
    second = document("b", glucose("2020-06-01", 3))
    one_way, other_way = table(first, second), table(second, first)
    assert one_way.value.tolist() == other_way.value.tolist() == [2, 2, 3, 3, 1, 1]


def test_what_is_dated_after_its_arrival_is_no_event() -> None:
    events = table(document("a", glucose("2204-05-31", 1), glucose("2023-11-15", 2)))
    assert (len(events), events.no_event) == (0, {"dated-after-arrival": 2})


def test_reasons_for_no_event_are_counted() -> None:
    events = table(
        document("a", glucose("2020-01-01", 1, status="cancelled"), {"resourceType": "List"})
    )
    assert events.no_event == {"not-done": 1, "kind-without-events": 1}


def test_a_resource_of_a_wrong_shape_is_counted_and_stops_nothing() -> None:
    broken = glucose("2020-01-01", 1, valueQuantity=[1])
    events = table(document("a", broken, glucose("2020-01-01", 7)))
    assert (events.no_event, set(events.value.tolist())) == ({"malformed": 1}, {7.0})


def test_a_record_of_schema_1_gives_events_that_are_known_on_its_day() -> None:
    observations = {"x|n": (7.5, "kg"), "x|yes": (True, ""), "x|word": ("a", "")}
    record = Record(b"s" * 32, "laboratory", "organisation:x", "2020-01-01", observations, "a")
    events = table(record)
    assert events.known.tolist() == events.start.tolist() == [1577836800] * 3
    assert [events.texts[text] for text in events.text] == ["", "a", ""]
    np.testing.assert_array_equal(events.value, [7.5, np.nan, 1.0])


def test_a_bound_of_a_table_is_the_bound_of_its_event_if_the_limit_is_stored() -> None:
    limit = {"x|n": (0.5, "mg/L"), "x|n;bound": ("<0.5", "mg/L")}
    half = {"x|n": (0.25, "mg/L"), "x|n;bound": ("<0.5", "mg/L")}
    without = {"x|n;bound": (">200", "mg/L")}
    records = [
        Record(b"s" * 32, "laboratory", "organisation:x", "2020-01-01", observations, "a")
        for observations in (limit, half, without)
    ]
    events = table(*records)
    assert sorted(zip(events.value.tolist(), events.bound.tolist(), strict=True)) == [
        (0.25, 0),
        (0.5, 1),
    ]


def test_no_record_gives_an_empty_table() -> None:
    assert len(table()) == 0
