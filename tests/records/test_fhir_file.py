from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from records import FhirInvalid, JsonInvalid, fhir_file
from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries
from records.json_strict import dumps_exact
from records.outcomes import EntryCode

SAMPLES = Path(__file__).with_name("fhir")
PATIENT = {"resourceType": "Patient", "id": "p1"}
OBSERVATION = {"resourceType": "Observation", "id": "o1", "valueDecimal": 1}


def read(body: bytes) -> list[FhirEntry]:
    return list(read_entries(io.BytesIO(body)))


def bundle(*entries: Any, kind: str | None = "collection") -> bytes:
    fields = {"resourceType": "Bundle", "entry": list(entries)}
    return orjson.dumps(fields | ({"type": kind} if kind else {}))


def kinds(entries: list[FhirEntry]) -> list[tuple[int, str]]:
    return [(entry.number, entry.kind) for entry in entries]


@pytest.mark.parametrize(
    "kind", ["collection", "searchset", "transaction", "batch", "document", "message"]
)
def test_a_bundle_of_any_type_is_read(kind: str) -> None:
    entries = read(bundle({"resource": PATIENT}, {"resource": OBSERVATION}, kind=kind))
    assert kinds(entries) == [(1, "Patient"), (2, "Observation")]


def test_a_bundle_without_a_type_is_read_with_a_note() -> None:
    note, entry = read(bundle({"resource": PATIENT}, kind=None))
    assert (note.number, note.code) == (0, EntryCode.NO_BUNDLE_TYPE)
    assert (entry.number, entry.kind) == (1, "Patient")


def test_one_resource_parameters_and_lists_are_read() -> None:
    inner = orjson.loads(bundle({"resource": OBSERVATION}))
    parts = [{"name": "a", "resource": PATIENT}, {"name": "b", "part": [{"resource": inner}]}]
    parameters = {"resourceType": "Parameters", "parameter": parts}
    assert kinds(read(orjson.dumps(PATIENT))) == [(1, "Patient")]
    assert kinds(read(orjson.dumps(parameters))) == [(1, "Patient"), (2, "Observation")]
    assert kinds(read(orjson.dumps([PATIENT, OBSERVATION]))) == [(1, "Patient"), (2, "Observation")]


def test_ndjson_is_read_by_line_and_a_bad_line_costs_only_itself() -> None:
    lines = [b"{broken", orjson.dumps(PATIENT), b"", b"[]", orjson.dumps(OBSERVATION)]
    entries = read(b"\n".join(lines))
    assert [(e.number, e.kind, e.code) for e in entries] == [
        (1, "", EntryCode.NOT_JSON),
        (2, "Patient", EntryCode.NOTHING),
        (4, "", EntryCode.NOT_A_RESOURCE),
        (5, "Observation", EntryCode.NOTHING),
    ]


def test_lines_of_other_kinds_can_be_left_out() -> None:
    body = orjson.dumps(PATIENT) + b"\n" + orjson.dumps(OBSERVATION)
    (entry,) = read_entries(io.BytesIO(body), "Patient")
    assert entry.kind == "Patient"


@pytest.mark.parametrize("wrap", [bytes, gzip.compress, lambda body: b"\xef\xbb\xbf" + body])
def test_gzip_and_a_byte_order_mark_are_read(wrap: Any) -> None:
    assert kinds(read(wrap(orjson.dumps(PATIENT)))) == [(1, "Patient")]


def test_numbers_are_as_written() -> None:
    (entry,) = read(b'{"resourceType":"Observation","valueQuantity":{"value":1.00}}')
    assert orjson.dumps(entry.resource) == (
        b'{"resourceType":"Observation","valueQuantity":{"value":1.00}}'
    )


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json*")), ids=lambda path: path.name)
def test_what_is_said_to_be_plain_reads_as_its_canonical_json(path: Path) -> None:
    for entry in read(path.read_bytes()):
        if entry.is_plain:
            assert entry.resource is None or entry.resource == orjson.loads(
                dumps_exact(entry.resource)
            )


@pytest.mark.parametrize("number", ["1.00", "1e2", "-0", "12345678901234567890123"])
def test_a_number_that_only_its_digits_keep_is_not_plain(number: str) -> None:
    body = b'{"resourceType":"Observation","valueQuantity":{"value":%s}}' % number.encode()
    resources = b"\n".join((body, body.replace(number.encode(), b"1.5")))
    assert [entry.is_plain for entry in read(resources)] == [False, True]
    bundle = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":%s}]}' % body
    assert [entry.is_plain for entry in read(bundle)] == [False]


def test_requests_are_read_and_what_cannot_be_stored_has_a_code() -> None:
    deletion = {
        "request": {"method": "DELETE", "url": "Observation/o1"},
        "response": {"status": "204", "lastModified": "2024-03-05T10:00:00Z"},
    }
    patch = {"resource": PATIENT, "request": {"method": "PATCH", "url": "Patient/p1"}}
    message = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}
    bad = {"resource": {"resourceType": 7}}
    entries = read(bundle(deletion, patch, message, {"response": {}}, bad, "text", kind="history"))
    assert [entry.code for entry in entries] == [
        EntryCode.NOTHING,
        EntryCode.METHOD,
        EntryCode.SEARCH_OUTCOME,
        EntryCode.NO_RESOURCE,
        EntryCode.NOT_A_RESOURCE,
        EntryCode.NOT_A_RESOURCE,
    ]
    assert (entries[0].method, entries[0].target) == ("DELETE", "Observation/o1")
    assert (entries[0].modified, entries[0].newest_first) == ("2024-03-05T10:00:00Z", True)


def test_a_deletion_of_what_a_search_finds_is_refused() -> None:
    searches = [{"method": "DELETE", "url": "Observation?code=x"}, {"method": "DELETE"}]
    entries = read(bundle(*({"request": each} for each in searches), kind="batch"))
    assert [entry.code for entry in entries] == [EntryCode.METHOD, EntryCode.METHOD]


def test_a_deletion_in_a_transaction_is_at_the_server_of_the_other_entries() -> None:
    url = "https://a.example/fhir/Patient/p1"
    put = {"fullUrl": url, "resource": PATIENT, "request": {"method": "PUT", "url": "Patient/p1"}}
    deletion = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    entries = read(bundle(put, deletion, kind="transaction"))
    assert entries[1].url == "https://a.example/fhir/Observation/o1"


def test_a_page_of_a_longer_answer_is_read_with_a_note() -> None:
    page = orjson.loads(bundle({"resource": PATIENT}, kind="searchset"))
    page["link"] = [{"relation": "self", "url": "x"}, {"relation": "next", "url": "y"}]
    entries = read(orjson.dumps(page))
    assert [(e.number, e.code) for e in entries] == [
        (0, EntryCode.MORE_PAGES),
        (1, EntryCode.NOTHING),
    ]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"7", "a table needs a mapping"),
        (b"pid,crp\n1,5\n", "a table needs a mapping"),
        (b'{"a": 1}', "resourceType"),
        (
            b'{"transactionTime": "2024-03-05T10:00:00Z", "output": [{"url": "https://a/1"}]}',
            "manifest of an export; send the files",
        ),
        (
            b'{"resourceType": "Parameters", "parameter": [{"name": "input", "part":'
            b' [{"name": "url", "valueUri": "https://a/1"}]}]}',
            "no file is fetched",
        ),
        (b"<Bundle xmlns='http://hl7.org/fhir'/>", "XML"),
        (b"PK\x03\x04rest", "ZIP"),
        ("{}".encode("utf-16"), "UTF-16"),
        (gzip.compress(b"{}" * 5000)[:40], "gzip"),
        (b"\x1f\x8bnothing", "gzip"),
    ],
)
def test_what_is_not_fhir_json_is_refused_with_what_to_do(body: bytes, message: str) -> None:
    with pytest.raises(FhirInvalid, match=message):
        read(body)


@pytest.mark.parametrize(
    "body", [b'{"resourceType":', b'{"resourceType":"Patient","resourceType":"Patient"}']
)
def test_a_damaged_document_is_refused(body: bytes) -> None:
    with pytest.raises(JsonInvalid):
        read(body)


def test_a_document_nested_too_deep_is_refused() -> None:
    with pytest.raises(JsonInvalid, match="deeper"):
        read(b'{"resourceType":"Patient","a":' + b"[" * 100_000)


def packed(piece: bytes, count: int) -> io.BytesIO:
    return io.BytesIO(gzip.compress(piece * count, 1))


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("MAX_UNPACKED_BYTES", "larger than 1000 bytes or .* send it in parts"),
        ("MAX_LINES", "or 1000 lines; send it in parts"),
    ],
)
def test_unpacked_lines_are_read_up_to_a_limit(
    monkeypatch: pytest.MonkeyPatch, limit: str, message: str
) -> None:
    monkeypatch.setattr(fhir_file, limit, 1_000)
    entries = read_entries(packed(orjson.dumps(PATIENT) + b"\n", 2_000))
    with pytest.raises(FhirInvalid, match=message):
        for read_before, _ in enumerate(entries):
            assert read_before < 1_000


def test_a_document_of_many_lines_is_read_up_to_its_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_file, "MAX_JSON_BYTES", 1_000)
    file = packed(b"[\n" + b"1,\n" * 100, 1_000)
    with pytest.raises(FhirInvalid, match="larger than 1000 bytes; send NDJSON"):
        list(read_entries(file))


@pytest.mark.parametrize("block_bytes", [1, 7, 2**20])
def test_a_bundle_written_over_many_lines_is_read_whole(
    monkeypatch: pytest.MonkeyPatch, block_bytes: int
) -> None:
    monkeypatch.setattr(fhir_file, "_BLOCK_BYTES", block_bytes)
    compact = bundle({"resource": PATIENT}, {"resource": OBSERVATION | {"note": [{"text": "é"}]}})
    lines = orjson.dumps(orjson.loads(compact), option=orjson.OPT_INDENT_2)
    assert read(b"\n" + lines.replace(b"\n", b"\r\n\n") + b"\n") == read(compact)


def test_a_bundle_in_a_gzip_file_that_was_cut_is_refused() -> None:
    patients = [PATIENT | {"id": str(number)} for number in range(500)]
    lines = orjson.dumps(patients, option=orjson.OPT_INDENT_2)
    with pytest.raises(FhirInvalid, match="the gzip file is damaged"):
        read(gzip.compress(lines)[:-200])


def test_blank_lines_are_read_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fhir_file, "MAX_LINES", 1_000)
    with pytest.raises(FhirInvalid, match="send it in parts"):
        list(read_entries(packed(b"\n", 5_000)))


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"0," * 1_000 + b"0]",
        b'{"resourceType":"Bundle","type":"batch","entry":[' + b"0," * 1_000 + b"0]}",
        b'{"resourceType":"A"}\n' * 1_001,
        (b'{"resourceType":"Bundle","type":"batch","entry":[' + b"0," * 500 + b"0]}\n") * 2,
        b'{"resourceType":"Parameters","parameter":['
        + b'{"resource":0},' * 1_000
        + b'{"resource":0}]}',
    ],
)
def test_entries_are_read_up_to_a_limit_however_few_bytes_they_take(
    monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(fhir_file, "MAX_ENTRIES", 1_000)
    with pytest.raises(FhirInvalid, match="more than 1,000 entries; send its resources in several"):
        read(body)
    monkeypatch.setattr(fhir_file, "MAX_ENTRIES", 1_002)
    assert len(read(body)) in (1_001, 1_002)
