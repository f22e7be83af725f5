"""Define the bytes of a document: whole resources of one subject, category and day, deflated."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from storage.errors import RecordInvalid, StorageBroken

# docs/spec/document.md, in the same order and terms.
SCHEMA: Final = 2
MARK: Final = b"\x03"
"""The first byte of a document deflated with the dictionary, as each new one is."""
PLAIN_MARK: Final = b"\x02"
"""The first byte of a document deflated without it; a record of schema 1 begins with `{`."""
DICTIONARY: Final = Path(__file__).with_name("document.dictionary")
DICTIONARY_SHA256: Final = "c5508fd46b0233cfb3a6731d74e7475d3aa0b754c4e5dd5213341de88061644f"
MAX_RESOURCES: Final = 4096
MAX_INFLATED_BYTES: Final = 2**24
MAX_IDENTITY_CHARACTERS: Final = 512
_RAW_DEFLATE: Final = -zlib.MAX_WBITS
LEVEL: Final = 5
"""With the dictionary, deflating takes as long as at level 6 without (docs/decisions/0043)."""
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
    deflating = _DEFLATING.copy()
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


def is_document(content: bytes) -> bool:
    """Return whether a record's content is a document, and not one of schema 1."""
    return content[: len(MARK)] in _DICTIONARIES


def _inflate(content: bytes) -> bytes:
    if not is_document(content):
        raise RecordInvalid(_NOT_CANONICAL)
    inflating = zlib.decompressobj(_RAW_DEFLATE, _DICTIONARIES[content[: len(MARK)]])
    try:
        text = inflating.decompress(content[len(MARK) :], MAX_INFLATED_BYTES)
    except zlib.error:
        raise RecordInvalid(_NOT_CANONICAL) from None
    if not inflating.eof or inflating.unused_data:
        raise RecordInvalid(_NOT_CANONICAL)
    return text


def read_dictionary(path: Path = DICTIONARY) -> bytes:
    """Return the preset dictionary; another one would make documents read as other texts.

    Raises:
        StorageBroken: the file is not the dictionary of the specification.
    """
    dictionary = path.read_bytes()
    digest = hashlib.sha256(dictionary).hexdigest()
    if digest != DICTIONARY_SHA256:
        raise StorageBroken(
            f"{path.name} has the SHA-256 {digest}, not {DICTIONARY_SHA256}:"
            " install Vouchsafe again"
        )
    return dictionary


_DICTIONARY: Final = read_dictionary()
# Copied for each document: entering the dictionary again would take longer than deflating one.
_DEFLATING: Final = zlib.compressobj(
    LEVEL, zlib.DEFLATED, _RAW_DEFLATE, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY, _DICTIONARY
)
_DICTIONARIES: Final = {PLAIN_MARK: b"", MARK: _DICTIONARY}


def _is_line(resource: bytes) -> bool:
    return resource[:1] == b"{" and resource[-1:] == b"}" and b"\n" not in resource


def _is_arrival(arrival: Arrival) -> bool:
    identity, version, at_s = arrival
    is_name = type(identity) is str and 0 < len(identity) <= MAX_IDENTITY_CHARACTERS
    return is_name and type(version) is int and version > 0 and type(at_s) is int and at_s >= 0
