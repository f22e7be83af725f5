from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from storage.document import MARK, MAX_INFLATED_BYTES, Arrival, Document, pack, unpack
from storage.errors import RecordInvalid
from storage.record import Record, canonical, read_content

DOCUMENT = Document(
    "2024-03-05",
    (b'{"id":"a","resourceType":"Observation","valueQuantity":{"value":1.00}}', b'{"id":"b"}'),
    (Arrival("Observation/a", 1, 1_700_000_000), Arrival("Observation/b", 2, 0)),
)


def deflated(text: bytes) -> bytes:
    deflating = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return MARK + deflating.compress(text) + deflating.flush()


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
        MARK + b"not deflated",
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
