"""Define the bytes of a document: whole resources of one subject, category and day, deflated."""

from __future__ import annotations

import zlib
from typing import Final, NamedTuple

import orjson

from storage.errors import RecordInvalid

# docs/spec/document.md, in the same order and terms.
SCHEMA: Final = 2
MARK: Final = bytes([SCHEMA])
"""The first byte; a record of schema 1 begins with `{`."""
MAX_RESOURCES: Final = 4096
MAX_INFLATED_BYTES: Final = 2**24
MAX_IDENTITY_CHARACTERS: Final = 512
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
_LEVEL: Final = 6
_NOT_CANONICAL: Final = "record: must be in canonical form"


class Arrival(NamedTuple):
    """Where a resource of a document came from.

    Attributes:
        identity: the name that is the same in each of its versions.
        version: 1 for its first content, and one more for each correction.
        at_s: when this version arrived (UTC seconds).
    """

    identity: str
    version: int
    at_s: int


class Document(NamedTuple):
    """The content of a document; `resources` and `arrivals` are in the same order."""

    recorded_on: str
    resources: tuple[bytes, ...]
    arrivals: tuple[Arrival, ...]


def pack(document: Document) -> bytes:
    """Return the bytes of a document, which are what is encrypted.

    Raises:
        RecordInvalid: too many or too large resources, or one that is not a JSON object on one
            line; the message holds no content.
    """
    resources, arrivals = document.resources, document.arrivals
    if not 0 < len(resources) <= MAX_RESOURCES or len(arrivals) != len(resources):
        raise RecordInvalid(f"resources: must be 1 to {MAX_RESOURCES}, with an arrival each")
    for resource in resources:
        if not _is_line(resource):
            raise RecordInvalid("resources: each must be a JSON object on one line")
    for arrival in arrivals:
        if not _is_arrival(arrival):
            raise RecordInvalid("arrivals: each must be an identity, a version and a time")
    text = b"\n".join((_header(document), *resources))
    if len(text) > MAX_INFLATED_BYTES:
        raise RecordInvalid(f"record: {len(text)} bytes; must be at most {MAX_INFLATED_BYTES}")
    deflating = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW_DEFLATE)
    return MARK + deflating.compress(text) + deflating.flush()


def unpack(content: bytes) -> Document:
    """Return the document of bytes from an authentic envelope.

    Raises:
        RecordInvalid: the bytes do not have the form of the specification.
    """
    lines = _inflate(content).split(b"\n")
    try:
        fields = orjson.loads(lines[0])
        arrivals = tuple(Arrival(*values) for values in fields["arrivals"])
        document = Document(fields["recorded_on"], tuple(lines[1:]), arrivals)
        # Encoded again it must be the same: no other field, form or order, and no duplicate.
        is_canonical = _header(document) == lines[0]
    except (ValueError, KeyError, TypeError):
        raise RecordInvalid(_NOT_CANONICAL) from None
    is_complete = 0 < len(document.resources) == len(arrivals)
    are_lines = all(map(_is_line, document.resources)) and all(map(_is_arrival, arrivals))
    if not (is_canonical and is_complete and are_lines):
        raise RecordInvalid(_NOT_CANONICAL)
    return document


def _header(document: Document) -> bytes:
    fields = {
        "arrivals": [list(arrival) for arrival in document.arrivals],
        "recorded_on": document.recorded_on,
        "schema": SCHEMA,
    }
    return orjson.dumps(fields, option=orjson.OPT_SORT_KEYS)


def _inflate(content: bytes) -> bytes:
    inflating = zlib.decompressobj(_RAW_DEFLATE)
    try:
        text = inflating.decompress(content[len(MARK) :], MAX_INFLATED_BYTES)
    except zlib.error:
        raise RecordInvalid(_NOT_CANONICAL) from None
    if not inflating.eof or inflating.unused_data or not content.startswith(MARK):
        raise RecordInvalid(_NOT_CANONICAL)
    return text


def _is_line(resource: bytes) -> bool:
    return resource[:1] == b"{" and resource[-1:] == b"}" and b"\n" not in resource


def _is_arrival(arrival: Arrival) -> bool:
    identity, version, at_s = arrival
    is_name = type(identity) is str and 0 < len(identity) <= MAX_IDENTITY_CHARACTERS
    return is_name and type(version) is int and version > 0 and type(at_s) is int and at_s >= 0
