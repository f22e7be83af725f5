"""A patient's records leave as FHIR: resources byte for byte, table values as Observations."""

from __future__ import annotations

from dataclasses import replace

import orjson
from fhir.resources.R4B.observation import Observation

from records.fhir_out import to_ndjson
from records.medicines import beside_name
from storage import Arrival, Record

SUBJECT = b"\1" * 32


def test_resources_leave_as_they_arrived_with_every_digit() -> None:
    texts = (b'{"resourceType":"Observation","valueInteger":1}', b'{"value":1.00}')
    arrivals = (Arrival("a", 1, 1), Arrival("b", 1, 1))
    record = Record(SUBJECT, "laboratory", "o", "2024-01-02", {}, "ab" * 16, 1, texts, arrivals)
    assert list(to_ndjson([record])) == [text + b"\n" for text in texts]


def test_values_of_a_table_leave_as_observations_that_a_validator_accepts() -> None:
    observations = {
        "http://loinc.org|718-7": (13.5, "g/dL"),
        "x|smokes": (True, ""),
        "x|answer": ("a word", ""),
        "x|crp": (0.25, "mg/L"),
        "x|crp;bound": ("<0.5", "mg/L"),
    }
    record = Record(SUBJECT, "laboratory", "o", "2024-01-02", observations, "ab" * 16)
    lines = [orjson.loads(line) for line in to_ndjson([record])]
    for line in lines:
        Observation.model_validate(line)
    values = {line["code"]["coding"][0]["code"]: line for line in lines}
    assert values["718-7"]["valueQuantity"]["value"] == 13.5
    assert values["smokes"]["valueBoolean"] is True
    assert values["answer"]["valueString"] == "a word"
    assert values["crp"]["valueQuantity"]["comparator"] == "<"
    assert values["crp"]["effectiveDateTime"] == "2024-01-02"
    assert len({line["id"] for line in lines}) == 4


def test_a_medicine_of_several_documents_is_written_once() -> None:
    medicine = b'{"id":"m","resourceType":"Medication"}'
    record = Record(b"s" * 32, "medication", "c", "2024-01-01", {}, resources=(medicine,))
    beside = beside_name((record.subject, "medication", "d"), "Medication/m", "s|Medication/m")
    records = [replace(record, arrivals=(Arrival(beside, 1, 0),))] * 2
    assert list(to_ndjson(records)) == [medicine + b"\n"]
    own = [replace(record, arrivals=(Arrival("s|Medication/m", 1, 0),))] * 2
    assert len(list(to_ndjson(own))) == 2
