"""Split a FHIR file into entries: Bundle, NDJSON, one resource or Parameters, also gzipped."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, count, islice
from typing import Any, BinaryIO, Final, NamedTuple

from records.errors import FhirInvalid, JsonInvalid
from records.fhir_entries import (
    FLAWS,
    FhirEntry,
    has_kind,
    holds_nothing,
    list_entries,
    why_no_resource,
)
from records.json_flaws import Flaw, find_flaw, loads_with_flaws
from records.json_strict import loads_digits, loads_plain
from records.outcomes import NOTES, EntryCode

MAX_LINE_BYTES: Final = 32 * 2**20
MAX_JSON_BYTES: Final = 256 * 2**20
MAX_UNPACKED_BYTES: Final = 2 * 2**30
MAX_LINES: Final = 5_000_000
MAX_ENTRIES: Final = 5_000_000
MAX_DEPTH: Final = 64
STORED_MAX_DEPTH: Final = MAX_DEPTH + 2
"""The depth of what is stored: a resource may be inside one of our objects."""
_BLOCK_BYTES: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_NAMED: Final = re.compile(rb"\s*(<|PK\x03\x04|%PDF)")
_SPACE: Final = b" \t\r\n"


def read_entries(file: BinaryIO, *kinds: str) -> Iterator[FhirEntry]:
    """Yield the entries of a file; NDJSON is read line by line, other forms at once.

    Args:
        file: plain or gzip; it is read from where it stands.
        kinds: leave out lines of NDJSON that cannot hold a resource of one of these.

    Raises:
        FhirInvalid: it is not FHIR JSON, or too large.
        JsonInvalid: it is one JSON text, and that is not valid or has more than one meaning.
    """
    begun = _begin(file)
    yield from _limited(_of_lines(begun, kinds) if begun.is_lines else _of_text(begun))


def read_text(file: BinaryIO) -> list[FhirEntry] | None:
    """Return the entries of a file that is one JSON text; None if it is NDJSON.

    Raises:
        FhirInvalid, JsonInvalid: as `read_entries`.
    """
    begun = _begin(file)
    return None if begun.is_lines else list(_limited(_of_text(begun)))


class _Begun(NamedTuple):
    """A file of which the first two lines that are not blank were read.

    Attributes:
        start: these lines, each with its number.
        lines: all that follow them.
        stream: what they come from.
        is_lines: whether each line is a JSON text.
    """

    start: list[tuple[int, bytes]]
    lines: Iterator[tuple[int, bytes]]
    stream: BinaryIO
    is_lines: bool


def _begin(file: BinaryIO) -> _Begun:
    stream = _unpacked(file)
    numbered = enumerate(_lines(stream), 1)
    written = ((number, line) for number, line in numbered if line.strip(_SPACE))
    start = list(islice(written, 2))
    if not start:
        raise FhirInvalid("the file is empty; export it again")
    # A first line that is damaged must not cost the others.
    is_lines = len(start) > 1 and any(_is_resource(line) for _, line in start)
    return _Begun(start, written, stream, is_lines)


def _limited(entries: Iterable[FhirEntry]) -> Iterator[FhirEntry]:
    for number, entry in enumerate(entries, 1):
        if number > MAX_ENTRIES:  # a Bundle of empty entries has millions in a few megabytes
            raise FhirInvalid(
                f"the file has more than {MAX_ENTRIES:,} entries; send its resources in several"
                " files"
            )
        yield entry


def _of_text(begun: _Begun) -> Iterator[FhirEntry]:
    body = _joined([line for _, line in begun.start], begun.stream)
    yield from _of_document(_parsed(body))


def _of_lines(begun: _Begun, kinds: Iterable[str]) -> Iterator[FhirEntry]:
    words = [f'"{kind}"'.encode() for kind in kinds]
    for number, line in chain(begun.start, begun.lines):
        if not words or any(word in line for word in words):
            yield from _of_line(number, line)


def _unpacked(file: BinaryIO) -> BinaryIO:
    head = io.BufferedReader(file) if not isinstance(file, io.BufferedReader) else file  # type: ignore[type-var]
    if head.peek(2)[:2] == _GZIP:
        head = io.BufferedReader(gzip.GzipFile(fileobj=head))
    try:
        start = head.peek(16)[:16]
    except (OSError, EOFError, zlib.error):
        raise FhirInvalid("the gzip file is damaged; send it again") from None
    if start.startswith(_UTF16_MARKS):
        raise FhirInvalid("the file is UTF-16; save it as UTF-8")
    if start.startswith(_UTF8_MARK):
        head.read(len(_UTF8_MARK))
    body = start.removeprefix(_UTF8_MARK).lstrip(_SPACE)
    named = _NAMED.match(start.removeprefix(_UTF8_MARK))
    if named:
        raise FhirInvalid(_FOREIGN[named[1]])
    if body and body[:1] not in b"[{":
        raise FhirInvalid("the file is not FHIR as JSON; a table needs a mapping")
    return head


_FOREIGN: Final = {
    b"<": "the file is XML; send FHIR as JSON",
    b"PK\x03\x04": "the file is a ZIP archive; send the files in it",
    b"%PDF": "the file is a PDF; send FHIR as JSON",
}


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines with their ends; a text without line ends counts as one line."""
    size = number = 0
    while True:
        try:
            line = stream.readline(MAX_JSON_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise FhirInvalid("the gzip file is damaged; send it again") from None
        if not line:
            return
        size, number = size + len(line), number + 1
        if len(line) > MAX_JSON_BYTES:
            raise _too_large()
        if size > MAX_UNPACKED_BYTES or number > MAX_LINES:
            raise FhirInvalid(
                f"the unpacked file is larger than {MAX_UNPACKED_BYTES} bytes or {MAX_LINES} lines;"
                " send it in parts"
            )
        yield line


def _joined(lines: Iterable[bytes], stream: BinaryIO) -> bytes:
    """Return one JSON text, of its first lines and the rest of the stream, up to its limit."""
    parts = list(lines)
    size = sum(map(len, parts))
    # Not line by line: a Bundle that is written for people has more lines than values.
    for part in iter(partial(_read_block, stream), b""):
        parts.append(part)
        size += len(part)
        if size > MAX_JSON_BYTES:
            raise _too_large()
    return b"".join(parts)


def _read_block(stream: BinaryIO) -> bytes:
    try:
        return stream.read(_BLOCK_BYTES)
    except (OSError, EOFError, zlib.error):
        raise FhirInvalid("the gzip file is damaged; send it again") from None


def _too_large() -> FhirInvalid:
    return FhirInvalid(f"one JSON text is larger than {MAX_JSON_BYTES} bytes; send NDJSON instead")


def _is_resource(line: bytes) -> bool:
    try:
        return isinstance(_parsed(line).value, dict)
    except JsonInvalid:
        return False


class _Parsed(NamedTuple):
    """A JSON value.

    Attributes:
        value: with its numbers as written.
        is_plain: whether each of these is an int or a float.
        is_flawed: whether some of its parts have no single meaning.
    """

    value: Any
    is_plain: bool = False
    is_flawed: bool = False


def _parsed(text: bytes) -> _Parsed:
    """Return the value of a JSON text.

    Raises:
        JsonInvalid: it is not JSON, or as a whole has no single meaning.
    """
    plain = loads_plain(text, MAX_DEPTH)
    if plain is not None:
        return _Parsed(plain, is_plain=True)
    try:
        return _Parsed(loads_digits(text, MAX_DEPTH))
    except JsonInvalid:
        try:
            value = loads_with_flaws(text)
        except JsonInvalid:
            value = Flaw.DEPTH
        if isinstance(value, Flaw):
            raise  # the first error says where
        return _Parsed(value, is_flawed=True)


def _checked(entry: FhirEntry) -> FhirEntry:
    """Return an entry without its content, with the reason, if part of it has no meaning."""
    beside = [entry.url, entry.method, entry.target, entry.modified]
    flaw = find_flaw(entry.resource, MAX_DEPTH) or find_flaw(beside, 1)
    if flaw is None or entry.code:
        return entry
    return FhirEntry(entry.number, code=FLAWS[flaw], named=entry.kind, place=entry.place)


def _of_line(number: int, line: bytes) -> Iterator[FhirEntry]:
    if len(line) > MAX_LINE_BYTES:
        yield FhirEntry(number, code=EntryCode.TOO_LARGE)
        return
    try:
        parsed = _parsed(line)
    except JsonInvalid:
        yield FhirEntry(number, code=_why_unread(line))
        return
    size = len(line)
    for entry in list_entries(parsed.value, f"entry[{number}]"):
        yield _numbered(entry, number, parsed, size)
        size = 0  # the others of a Bundle are parts of the same line


def _numbered(entry: FhirEntry, number: int, parsed: _Parsed, size: int = 0) -> FhirEntry:
    """Return an entry with its number; a place that only repeats the number is removed."""
    entry = _checked(entry) if parsed.is_flawed else entry
    place = "" if entry.place == f"entry[{number}]" else entry.place
    return entry._replace(number=number, place=place, is_plain=parsed.is_plain, size=size)


def _why_unread(line: bytes) -> EntryCode:
    try:
        line.decode()
    except UnicodeDecodeError:
        return EntryCode.NOT_UNICODE
    try:
        value = loads_with_flaws(line)
    except JsonInvalid:
        return EntryCode.NOT_JSON
    return why_no_resource(value) if isinstance(value, Flaw) else EntryCode.NOT_JSON


def _require_content(value: dict[str, Any]) -> None:
    """Refuse an object that is no resource, or that only says where resources are.

    Raises:
        FhirInvalid: with what to send instead.
    """
    if not has_kind(value):
        if isinstance(value.get("output"), list) and "transactionTime" in value:
            raise FhirInvalid("the file is the manifest of an export; send the files that it names")
        raise FhirInvalid("the file is JSON, but not FHIR; give each resource its resourceType")
    if holds_nothing(value):
        raise FhirInvalid(
            "the Parameters hold no resource, and no file is fetched by its address; send the"
            " resources themselves"
        )


def _of_document(parsed: _Parsed) -> Iterator[FhirEntry]:
    value = parsed.value
    if not isinstance(value, dict | list):
        raise FhirInvalid(
            "the file is JSON, but holds no FHIR resource; send a resource or a Bundle"
        )
    values = value if isinstance(value, list) else [value]
    if isinstance(value, dict):
        _require_content(value)
    places = (f"entry[{number}]" for number in count(1)) if isinstance(value, list) else [""]
    entries = chain.from_iterable(map(list_entries, values, places))
    number = 0
    if not values:
        yield FhirEntry(0, code=EntryCode.NO_ENTRY)
    for entry in entries:
        if entry.code in NOTES:
            yield entry
            continue
        number += 1
        yield _numbered(entry, number, parsed)
