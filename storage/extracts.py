"""Keep what was extracted from records, sealed so that it ends with the keys of the records."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from storage.entry import Entry
from storage.envelope import MAX_CONTENT_BYTES, pad, unpad
from storage.errors import SealBroken
from storage.record import Record
from storage.seal import decrypt_bytes, derive_key, encrypt_bytes

# docs/spec/envelope.md, section 10, in the same order and terms.
MAGIC: Final = b"VSX1"
MAX_BYTES: Final = 2**33
"""Default limit for all files together."""
_LABEL: Final = b"vouchsafe/v1/extract/"
_NAME_BYTES: Final = 20
_LENGTH_BYTES: Final = 4


class Extractor(NamedTuple):
    """What a gathering releases in place of the content of records.

    Attributes:
        name: of the code that extracts, with its version after a hyphen. What another name made is
            never read.
        extract: returns bytes that depend on the record's content alone, at least one.
    """

    name: str
    extract: Callable[[Record], bytes]


def seal_extract(extract: bytes, key: bytes, entry: Entry, extractor: str) -> bytes:
    """Return an extract encrypted under a key of the record's key, bound to its entry."""
    return encrypt_bytes(_extract_key(key, extractor), pad(extract), _context(entry))


def find_extract(sealed: bytes, key: bytes, entry: Entry, extractor: str) -> bytes:
    """Return what `seal_extract` sealed; nothing if it is damaged, or of another entry."""
    if not sealed:
        return b""
    try:
        return unpad(decrypt_bytes(_extract_key(key, extractor), sealed, _context(entry)))
    except SealBroken:
        return b""


def _extract_key(key: bytes, extractor: str) -> bytes:
    return derive_key(key, _LABEL + extractor.encode())


def _context(entry: Entry) -> bytes:
    """Return the fields of an entry: what the catalogue says now must be what was verified then."""
    category, custodian = entry.category.encode(), entry.custodian.encode()
    return b"".join(
        (
            extract_name(entry),
            entry.cid,
            entry.subject,
            len(category).to_bytes(2, "big"),
            category,
            len(custodian).to_bytes(2, "big"),
            custodian,
            entry.recorded_on.encode(),
        )
    )


def extract_name(entry: Entry) -> bytes:
    """Return the name of an entry's extract in the file of its batch: record and version."""
    return entry.record_id + entry.version.to_bytes(4, "big")


class ExtractFolder:
    """The folder of sealed extracts: one file for each batch and extractor.

    It may be deleted at any time. A file that is damaged anywhere in its layout is as if it did not
    exist; what cannot be written is extracted again the next time.
    """

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self.max_bytes = max_bytes

    def path(self, batch: str, extractor: str) -> Path:
        """Return the path of a file, whether or not it exists."""
        return self._folder / batch / extractor

    def read(self, batch: str, extractor: str) -> dict[bytes, bytes]:
        """Return the sealed extracts of a batch by `extract_name`; none if the file is damaged."""
        try:
            content = self.path(batch, extractor).read_bytes()
            return dict(_split(content))
        except (OSError, ValueError):
            return {}

    def write(self, changed: Mapping[str, Mapping[bytes, bytes]], extractor: str) -> None:
        """Replace the files of some batches; `trim` keeps the folder within its limit.

        Args:
            changed: for each batch, every sealed extract by `extract_name`.
            extractor: whose extracts they are; files of its other versions are deleted.
        """
        for batch, sealed in changed.items():
            try:
                self._replace(self.path(batch, extractor), sealed)
            except OSError:
                self.delete(batch)  # with a draft that is half-written

    def _replace(self, path: Path, sealed: Mapping[bytes, bytes]) -> None:
        parts = [MAGIC]
        for name, extract in sealed.items():
            parts += (name, len(extract).to_bytes(_LENGTH_BYTES, "big"), extract)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(b"".join(parts))
        Path(draft).replace(path)
        for other in path.parent.glob(f"{path.name.rpartition('-')[0]}-*"):
            if other != path:
                other.unlink(missing_ok=True)

    def delete(self, batch: str) -> None:
        """Delete every file of a batch."""
        shutil.rmtree(self._folder / batch, ignore_errors=True)

    def trim(self) -> None:
        """Delete the batches with the oldest files while all together are above the limit."""
        files = []
        for path in self._folder.glob("*/*"):
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            files.append((stat.st_mtime_ns, stat.st_size, path.parent.name))
        total = sum(size for _, size, _ in files)
        for _, size, batch in sorted(files):
            if total <= self.max_bytes:
                break
            self.delete(batch)
            total -= size


def _split(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield each name and sealed extract of a file.

    Raises:
        ValueError: it does not have the layout to its last byte.
    """
    if not content.startswith(MAGIC):
        raise ValueError("not a file of extracts")
    start = len(MAGIC)
    while start < len(content):
        body = start + _NAME_BYTES + _LENGTH_BYTES
        end = body + int.from_bytes(content[start + _NAME_BYTES : body], "big")
        if end > len(content) or end == body:
            raise ValueError("a file of extracts was cut short")
        yield content[start : start + _NAME_BYTES], content[body:end]
        start = end


def is_small(extract: bytes) -> bool:
    """Return whether an extract can be sealed; a larger one is made each time."""
    return len(extract) <= MAX_CONTENT_BYTES
