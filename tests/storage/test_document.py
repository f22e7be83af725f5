from __future__ import annotations

import hashlib
import importlib.util
import json
import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from memory_store import OBSERVATION, PATIENT, Custodian, bundle, send

from records.json_strict import dumps_exact, loads_exact
from services.custodian.filing import MAX_DEFLATED_BYTES
from storage import document as documents
from storage.document import (
    DICTIONARY,
    DICTIONARY_SHA256,
    LEVEL,
    MARK,
    MAX_INFLATED_BYTES,
    PLAIN_MARK,
    Arrival,
    Document,
    pack,
    read_dictionary,
    unpack,
)
from storage.errors import RecordInvalid, StorageBroken
from storage.record import Record, canonical, read_content

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "document"
FORMS = (VECTORS / "forms.ndjson").read_bytes().splitlines()
CASES = sorted(VECTORS.glob("*.json"))

DOCUMENT = Document(
    "2024-03-05",
    (b'{"id":"a","resourceType":"Observation","valueQuantity":{"value":1.00}}', b'{"id":"b"}'),
    (Arrival("Observation/a", 1, 1_700_000_000), Arrival("Observation/b", 2, 0)),
)


def deflated(text: bytes) -> bytes:
    deflating = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return PLAIN_MARK + deflating.compress(text) + deflating.flush()


def pack_plain(document: Document) -> bytes:
    """Pack a document as the releases before the dictionary did."""
    header = documents._header(document)
    return deflated(b"\n".join((header, *document.resources)))


def record_of(document: Document) -> Record:
    return Record(
        b"s" * 32,
        "laboratory",
        "custodian:a",
        document.recorded_on,
        {},
        resources=document.resources,
        arrivals=document.arrivals,
    )


def test_a_document_is_unpacked_as_it_was_packed() -> None:
    assert unpack(pack(DOCUMENT)) == DOCUMENT


def test_a_record_with_resources_is_sealed_as_a_document_and_read_back() -> None:
    content = canonical(record_of(DOCUMENT))
    assert content[:1] == MARK
    assert read_content(content) == ({}, DOCUMENT)


def test_a_record_of_schema_1_is_written_as_before() -> None:
    record = replace(record_of(DOCUMENT), resources=(), arrivals=(), observations={"a|b": (1, "")})
    content = canonical(record)
    assert content == b'{"observations":{"a|b":[1,""]},"recorded_on":"2024-03-05","schema":1}'
    assert read_content(content) == ({"a|b": (1, "")}, Document("2024-03-05", (), ()))


def test_a_record_has_observations_or_resources_not_both() -> None:
    with pytest.raises(RecordInvalid, match="resources"):
        canonical(replace(record_of(DOCUMENT), observations={"a|b": (1, "")}))


def test_the_repr_of_a_document_shows_no_content() -> None:
    assert "valueQuantity" not in repr(record_of(DOCUMENT))
    assert "Observation/a" not in repr(record_of(DOCUMENT))


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT._replace(resources=(), arrivals=()),
        DOCUMENT._replace(arrivals=DOCUMENT.arrivals[:1]),
        DOCUMENT._replace(resources=(b'{"id":\n1}', b"{}")),
        DOCUMENT._replace(resources=(b"[]", b"{}")),
        DOCUMENT._replace(arrivals=(Arrival("", 1, 0), Arrival("b", 1, 0))),
        DOCUMENT._replace(arrivals=(Arrival("a", 0, 0), Arrival("b", 1, 0))),
    ],
)
def test_a_document_that_could_not_be_read_back_is_refused(document: Document) -> None:
    with pytest.raises(RecordInvalid):
        pack(document)


@pytest.mark.parametrize(
    "content",
    [
        MARK,
        PLAIN_MARK,
        MARK + b"not deflated",
        PLAIN_MARK + b"not deflated",
        pack(DOCUMENT) + b"\0",
        pack(DOCUMENT)[:-2],
        deflated(b'{"arrivals":[],"recorded_on":"2024-03-05","schema":2}'),
        deflated(b'{"arrivals":[["a",1,0]],"recorded_on":"2024-03-05","schema":2}\n[1]'),
        deflated(b'{"arrivals":[["a",1,0]], "recorded_on":"2024-03-05","schema":2}\n{}'),
        deflated(b'{"arrivals":[["a",1,0]],"recorded_on":"2024-03-05","schema":3}\n{}'),
        deflated(b'{"arrivals":[["a",1]],"recorded_on":"2024-03-05","schema":2}\n{}'),
        deflated(b'{"arrivals":[["a",1,0]],"recorded_on":"2024-03-05","schema":2}\n{}\n{}'),
        deflated(b"\0" * (MAX_INFLATED_BYTES + 1)),
    ],
)
def test_bytes_in_another_form_are_refused(content: bytes) -> None:
    with pytest.raises(RecordInvalid):
        unpack(content)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_document_is_read_exactly_when_its_vector_says_so(path: Path) -> None:
    case = json.loads(path.read_text())
    content = bytes.fromhex(case["content"])
    if case["expect"] == "refused":
        with pytest.raises(RecordInvalid):
            read_content(content)
    else:
        resources = tuple(line.encode() for line in case["resources"])
        arrivals = tuple(Arrival(*arrival) for arrival in case["arrivals"])
        document = Document(case["recorded_on"], resources, arrivals)
        assert read_content(content) == ({}, document)
        assert unpack(pack(document)) == document


def test_a_document_of_the_first_form_gives_the_same_record() -> None:
    assert read_content(pack_plain(DOCUMENT)) == read_content(pack(DOCUMENT)) == ({}, DOCUMENT)


def test_what_an_earlier_release_stored_is_the_same_when_it_is_sent_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian, body = Custodian(tmp_path), bundle(PATIENT, OBSERVATION)
    with monkeypatch.context() as earlier:
        earlier.setattr(documents, "pack", pack_plain)
        assert send(custodian, body).counts()["stored"] == 2
    before = custodian.stored()
    assert send(custodian, body).counts()["same"] == 2
    assert custodian.stored() == before
    corrected = OBSERVATION | {"valueQuantity": {"value": 5, "code": "mg/dL"}}
    assert send(custodian, bundle(PATIENT, corrected)).counts()["corrected"] == 1
    assert b'"value":5' in b"".join(r for record in custodian.stored() for r in record.resources)


def test_the_dictionary_is_what_its_forms_make() -> None:
    spec = importlib.util.spec_from_file_location("make_dictionary", VECTORS / "make.py")
    assert spec is not None
    assert spec.loader is not None
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert make.dictionary(make.FORMS.read_bytes()) == DICTIONARY.read_bytes()


def test_the_dictionary_is_that_of_the_specification() -> None:
    content = DICTIONARY.read_bytes()
    specification = (ROOT / "docs" / "spec" / "document.md").read_text()
    assert hashlib.sha256(content).hexdigest() == DICTIONARY_SHA256
    assert DICTIONARY_SHA256 in specification
    assert f"{len(content):,} bytes" in specification
    assert len(content) <= 2**15 - 262  # zlib reaches back no further


def test_another_dictionary_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "document.dictionary"
    other.write_bytes(DICTIONARY.read_bytes().replace(b"loinc", b"LOINC", 1))
    with pytest.raises(StorageBroken, match="install Vouchsafe again"):
        read_dictionary(other)


def filled(value: Any) -> Any:
    """Return a form with a text in each empty place."""
    if isinstance(value, dict):
        return {key: "eHh4" if key == "data" else filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [filled(each) for each in value]
    return value or "x" if isinstance(value, str) else value


@pytest.mark.parametrize("form", FORMS[:-1], ids=range(len(FORMS) - 1))
def test_each_form_is_a_resource_of_fhir_in_canonical_form(form: bytes) -> None:
    assert dumps_exact(loads_exact(form)) == form
    resource = json.loads(form)
    get_fhir_model_class(resource["resourceType"]).model_validate(filled(resource))


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of a form with the name of its element."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, key)
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, name)
    else:
        yield name, value


# What may have a text in a form: codes, their names and systems, addresses of definitions, units.
VOCABULARY = {
    *("category", "code", "contentType", "country", "criticality", "currency", "display", "div"),
    *("docStatus", "intent", "lifecycleStatus", "mode", "outcome", "periodUnit", "priority"),
    *("profile", "resourceType", "severity", "status", "system", "text", "type", "unit", "uri"),
    *("url", "use", "version", "versionId", "when"),
}
PLACEHOLDERS = re.compile(
    r"|#|[A-Za-z]*/|urn:(uuid|oid):|#?(coverage|referral)"
    r"|2000-01-01(T00:00:00(\.000)?(Z|[+-]0[0-9]:00))?"
)


def test_no_form_has_a_value_of_a_person() -> None:
    for form in FORMS[:-1]:
        for name, value in leaves(json.loads(form)):
            if isinstance(value, str) and name not in VOCABULARY:
                assert PLACEHOLDERS.fullmatch(value), (name, value)
            if type(value) is int:
                assert value in (0, 1, 2, 3)


def test_a_small_document_has_three_fifths_of_the_bytes_without_the_dictionary() -> None:
    for name in ("10-observation-decimal", "18-observation-ucum"):
        sample = json.loads((ROOT / "tests" / "records" / "fhir" / f"{name}.json").read_bytes())
        sample.pop("text", None)
        document = DOCUMENT._replace(resources=(dumps_exact(sample), DOCUMENT.resources[0]))
        assert len(pack(document)) < 0.6 * len(pack_plain(document))


def test_a_resource_that_is_filed_fits_an_envelope() -> None:
    noise = random.Random(0).randbytes(875_000).hex().encode()
    resource = b'{"x":"' + noise + b'"}'
    assert 0.99 * MAX_DEFLATED_BYTES < len(zlib.compress(resource, LEVEL)) <= MAX_DEFLATED_BYTES
    document = Document("2024-03-05", (resource,), DOCUMENT.arrivals[:1])
    assert read_content(canonical(record_of(document))) == ({}, document)
