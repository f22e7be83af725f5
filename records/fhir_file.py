"""Split a FHIR file into entries: Bundle, NDJSON, one resource or Parameters, also gzipped."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache, partial
from itertools import chain, islice
from typing import Any, BinaryIO, Final, NamedTuple, TypeGuard

from records.elements import list_of
from records.errors import FhirInvalid, JsonInvalid
from records.json_flaws import Flaw, find_flaw, loads_with_flaws
from records.json_strict import loads_exact
from records.outcomes import NOTES, EntryCode

MAX_LINE_BYTES: Final = 32 * 2**20
MAX_JSON_BYTES: Final = 256 * 2**20
MAX_UNPACKED_BYTES: Final = 2 * 2**30
MAX_LINES: Final = 5_000_000
MAX_DEPTH: Final = 64
STORED_MAX_DEPTH: Final = MAX_DEPTH + 2
"""The depth of what is stored: a resource may be inside one of our objects."""
MAX_NESTING: Final = 4
_BLOCK_BYTES: Final = 2**20
_GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
_MAX_KIND_CHARACTERS: Final = 64
_KIND: Final = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_NAMED: Final = re.compile(rb"\s*(<|PK\x03\x04|%PDF)")
_SPACE: Final = b" \t\r\n"

Resource = dict[str, Any]


class FhirEntry(NamedTuple):
    """One entry of a file.

    Attributes:
        number: of the entry or line, from 1; 0 for a note about the file.
        resource: with its numbers as written (`loads_exact`), or None.
        url: the entry's fullUrl, or "".
        method: of its request, or "".
        target: the request's url, or "".
        code: why it cannot be read, or EntryCode.NOTHING.
        newest_first: True in a Bundle of type history.
        modified: when a deletion took effect (response.lastModified), or "".
        named: the resourceType of a resource that cannot be kept, so that it is not here, or "".
    """

    number: int
    resource: Resource | None = None
    url: str = ""
    method: str = ""
    target: str = ""
    code: EntryCode = EntryCode.NOTHING
    newest_first: bool = False
    modified: str = ""
    named: str = ""

    @property
    def kind(self) -> str:
        """The resourceType, if it has the form of one, else ""."""
        kind = self.resource.get("resourceType") if self.resource else self.named
        return kind if _is_kind(kind) else ""


def read_entries(file: BinaryIO, *kinds: str) -> Iterator[FhirEntry]:
    """Yield the entries of a file; NDJSON is read line by line, other forms at once.

    Args:
        file: plain or gzip; it is read from where it stands.
        kinds: leave out lines of NDJSON that cannot hold a resource of one of these.

    Raises:
        FhirInvalid: it is not FHIR JSON, or too large.
        JsonInvalid: it is one JSON text, and that is not valid or has more than one meaning.
    """
    stream = _unpacked(file)
    lines = _lines(stream)
    written = ((number, line) for number, line in enumerate(lines, 1) if line.strip(_SPACE))
    start = list(islice(written, 2))
    if not start:
        raise FhirInvalid("the file is empty; export it again")
    # A first line that is damaged must not cost the others.
    if len(start) == 1 or not any(_is_resource(line) for _, line in start):
        body = _joined([line for _, line in start], stream)
        yield from _of_document(*_parsed(body))
        return
    words = [f'"{kind}"'.encode() for kind in kinds]
    for number, line in chain(start, written):
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
    size = count = 0
    while True:
        try:
            line = stream.readline(MAX_JSON_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise FhirInvalid("the gzip file is damaged; send it again") from None
        if not line:
            return
        size, count = size + len(line), count + 1
        if len(line) > MAX_JSON_BYTES:
            raise _too_large()
        if size > MAX_UNPACKED_BYTES or count > MAX_LINES:
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
        value, _ = _parsed(line)
    except JsonInvalid:
        return False
    return isinstance(value, dict)


def _parsed(text: bytes) -> tuple[Any, bool]:
    """Return a JSON value, and whether some of its parts have no single meaning.

    Raises:
        JsonInvalid: it is not JSON, or as a whole has no single meaning.
    """
    try:
        return loads_exact(text, MAX_DEPTH), False
    except JsonInvalid:
        try:
            value = loads_with_flaws(text)
        except JsonInvalid:
            value = Flaw.DEPTH
        if isinstance(value, Flaw):
            raise  # the first error says where
        return value, True


def _checked(entry: FhirEntry) -> FhirEntry:
    """Return an entry without its content, with the reason, if part of it has no meaning."""
    beside = [entry.url, entry.method, entry.target, entry.modified]
    flaw = find_flaw(entry.resource, MAX_DEPTH) or find_flaw(beside, 1)
    if flaw is None or entry.code:
        return entry
    return FhirEntry(entry.number, code=_FLAWS[flaw], named=entry.kind)


_FLAWS: Final = {
    Flaw.NUMBER: EntryCode.NUMBER,
    Flaw.NOT_FINITE: EntryCode.NOT_FINITE,
    Flaw.DUPLICATE_KEY: EntryCode.DUPLICATE_ELEMENT,
    Flaw.NOT_UNICODE: EntryCode.NOT_UNICODE,
    Flaw.DEPTH: EntryCode.TOO_DEEP,
}
DAMAGED: Final = frozenset({*_FLAWS.values(), EntryCode.NOT_JSON})
"""Codes of entries whose content cannot be known."""


def _of_line(number: int, line: bytes) -> Iterator[FhirEntry]:
    if len(line) > MAX_LINE_BYTES:
        yield FhirEntry(number, code=EntryCode.TOO_LARGE)
        return
    try:
        value, is_flawed = _parsed(line)
    except JsonInvalid:
        yield FhirEntry(number, code=_why_unread(line))
        return
    for entry in _of_resource(value, MAX_NESTING):
        yield (_checked(entry) if is_flawed else entry)._replace(number=number)


def _why_unread(line: bytes) -> EntryCode:
    try:
        line.decode()
    except UnicodeDecodeError:
        return EntryCode.NOT_UNICODE
    try:
        value = loads_with_flaws(line)
    except JsonInvalid:
        return EntryCode.NOT_JSON
    return _why_no_resource(value) if isinstance(value, Flaw) else EntryCode.NOT_JSON


def _of_document(value: Any, is_flawed: bool) -> Iterator[FhirEntry]:  # noqa: FBT001 - two values
    if not isinstance(value, dict | list):
        raise FhirInvalid(
            "the file is JSON, but holds no FHIR resource; send a resource or a Bundle"
        )
    values = value if isinstance(value, list) else [value]
    if isinstance(value, dict) and not _has_kind(value):
        raise FhirInvalid("the file is JSON, but not FHIR; give each resource its resourceType")
    entries = chain.from_iterable(_of_resource(each, MAX_NESTING) for each in values)
    number = 0
    for entry in entries:
        if entry.code in NOTES:
            yield entry
            continue
        number += 1
        yield (_checked(entry) if is_flawed else entry)._replace(number=number)


def _has_kind(value: Any) -> bool:
    return isinstance(value, dict) and _is_kind(value.get("resourceType"))


def _is_kind(kind: Any) -> TypeGuard[str]:
    return isinstance(kind, str) and len(kind) <= _MAX_KIND_CHARACTERS and _matches_kind(kind)


# Each entry is asked several times what kind it is of, and there are few kinds.
@lru_cache(maxsize=1_024)
def _matches_kind(kind: str) -> bool:
    return _KIND.match(kind) is not None


def _of_resource(value: Any, nesting: int) -> Iterator[FhirEntry]:
    """Yield a resource as one entry, or each that a Bundle or Parameters holds."""
    if not _has_kind(value):
        yield FhirEntry(0, code=_why_no_resource(value))
    elif value["resourceType"] == "Bundle" and nesting:
        yield from _of_bundle(value, nesting)
    elif value["resourceType"] == "Parameters" and nesting and _parameters(value):
        for resource in _parameters(value):
            yield from _of_resource(resource, nesting - 1)
    else:
        yield FhirEntry(0, value)


def _parameters(value: Resource, depth: int = MAX_NESTING) -> list[Any]:
    resources = []
    for name in ("parameter", "part"):
        parts = value.get(name)
        for part in [parts] if isinstance(parts, Flaw) else list_of(parts):
            if isinstance(part, Flaw):
                resources.append(part)  # it may hold a resource
            elif isinstance(part, dict) and "resource" in part:
                resources.append(part["resource"])
            elif isinstance(part, dict) and depth:
                resources += _parameters(part, depth - 1)
    return resources


def _of_bundle(bundle: Resource, nesting: int) -> Iterator[FhirEntry]:
    if not isinstance(bundle.get("type"), str) or isinstance(bundle["type"], Flaw):
        yield FhirEntry(0, code=EntryCode.NO_BUNDLE_TYPE)
    links = bundle.get("link")
    if any(isinstance(link, dict) and link.get("relation") == "next" for link in list_of(links)):
        yield FhirEntry(0, code=EntryCode.MORE_PAGES)
    entries = bundle.get("entry", [])
    entries = entries if isinstance(entries, list) else [entries]
    base = _server(entries)
    for entry in entries:
        is_history = bundle.get("type") == "history"
        for read in _of_entry(entry, nesting):
            if base and read.method == "DELETE" and not read.url and not read.code:
                read = read._replace(url=f"{base}/{read.target}")
            yield read._replace(newest_first=True) if is_history else read


def _server(entries: list[Any]) -> str:
    """Return the server at which the requests of a transaction are made, "" if none is certain.

    A request has an address relative to the server, and the fullUrl of what it changes the whole
    one: so a deletion in the same transaction, which has no fullUrl, has that server's address.
    """
    servers = set()
    for entry in entries:
        request = entry.get("request") if isinstance(entry, dict) else None
        target = _text(request.get("url")) if isinstance(request, dict) else ""
        url = _text(entry.get("fullUrl")) if isinstance(entry, dict) else ""
        if target and url.startswith("http") and url.endswith(f"/{target}"):
            servers.add(url.removesuffix(f"/{target}"))
    return servers.pop() if len(servers) == 1 else ""


def _of_entry(entry: Any, nesting: int) -> Iterator[FhirEntry]:
    parts = entry.values() if isinstance(entry, dict) else [entry]
    # An entry whose request has two meanings could delete what it seems to store.
    flaw = next((part for part in parts if isinstance(part, Flaw)), None)
    if flaw or not isinstance(entry, dict):
        yield FhirEntry(0, code=_why_no_resource(flaw))
        return
    request = entry.get("request")
    method, target = (
        (_text(request.get("method")), _text(request.get("url")))
        if isinstance(request, dict)
        else ("", "")
    )
    read = FhirEntry(0, None, _text(entry.get("fullUrl")), method, target)
    search = entry.get("search")
    if method == "DELETE":
        response = entry.get("response")
        modified = response.get("lastModified") if isinstance(response, dict) else ""
        # Which resources a search would find is not known here.
        is_search = "?" in target or not (target or read.url)
        code = EntryCode.METHOD if is_search else EntryCode.NOTHING
        yield read._replace(modified=_text(modified), code=code)
    elif isinstance(search, dict) and search.get("mode") == "outcome":
        yield read._replace(code=EntryCode.SEARCH_OUTCOME)
    elif method in ("PATCH", "GET", "HEAD"):
        yield read._replace(code=EntryCode.METHOD)
    elif "resource" not in entry:
        yield read._replace(code=EntryCode.NO_RESOURCE)
    else:
        yield from _of_content(read, entry["resource"], nesting)


def _of_content(read: FhirEntry, resource: Any, nesting: int) -> Iterator[FhirEntry]:
    if not _has_kind(resource):
        yield read._replace(code=_why_no_resource(resource))
    elif resource["resourceType"] in ("Bundle", "Parameters"):
        yield from _of_resource(resource, nesting - 1)
    else:
        yield read._replace(resource=resource)


def _why_no_resource(value: Any) -> EntryCode:
    return _FLAWS[value] if isinstance(value, Flaw) else EntryCode.NOT_A_RESOURCE


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
