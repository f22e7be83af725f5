"""Keep what was extracted from records, sealed so that it ends with the keys of the records."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from storage.entry import Entry
from storage.envelope import MAX_CONTENT_BYTES, pad, unpad
from storage.errors import SealBroken
from storage.keys import SecretKey
from storage.record import Record
from storage.seal import decrypt_bytes, derive_key, encrypt_bytes, name_fields

# docs/spec/envelope.md, section 10, in the same order and terms.
MAGIC: Final = b"VSX2"
MAX_BYTES: Final = 2**33
"""Default limit for all files together."""
_LABEL: Final = b"vouchsafe/v2/extracts/"
_NAME_BYTES: Final = 32
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


@dataclass(frozen=True, slots=True)
class Group:
    """Records whose extracts are sealed together: the group's name in a file, and its key."""

    name: bytes
    key: bytes = field(repr=False)


def bind_group(entries: Sequence[Entry], patient: SecretKey, extractor: str) -> Group:
    """Return the group of these entries, which all belong to the patient whose key this is.

    What the catalogue says now must be what was verified when the records were opened: the name is
    a hash of it. Without the wrapped key of each of the records nobody can derive the group's key.

    Raises:
        NameMismatch: a wrapped key was deleted.
    """
    name = hashlib.sha256(b"".join(map(_context, entries))).digest()
    wrapped = hashlib.sha256(b"".join(map(Entry.require_key, entries))).digest()
    key = derive_key(patient.reveal(), _LABEL + wrapped + extractor.encode())
    return Group(name, key)


def seal_extracts(extracts: Sequence[bytes], group: Group) -> bytes:
    """Return the extracts of a group encrypted together; nothing if they are too large for that."""
    content = b"".join(map(_prefixed, extracts))
    if len(content) > MAX_CONTENT_BYTES:
        return b""
    return encrypt_bytes(group.key, pad(content), group.name)


def find_extracts(sealed: bytes, group: Group) -> list[bytes]:
    """Return what `seal_extracts` sealed; nothing if it is damaged, or of another group."""
    if not sealed:
        return []
    try:
        content = unpad(decrypt_bytes(group.key, sealed, group.name))
        return [extract for _, extract in _split(content, 0)]
    except (SealBroken, ValueError):
        return []


def _context(entry: Entry) -> bytes:
    return b"".join(
        (
            entry.record_id,
            entry.version.to_bytes(4, "big"),
            entry.cid,
            entry.subject,
            name_fields(entry.category, entry.custodian),
            entry.recorded_on.encode(),
        )
    )


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
        """Return the sealed extracts of a batch by group; none if the file is damaged."""
        try:
            content = self.path(batch, extractor).read_bytes()
            if not content.startswith(MAGIC):
                return {}
            return dict(_split(content, _NAME_BYTES, len(MAGIC)))
        except (OSError, ValueError):
            return {}

    def write(self, changed: Mapping[str, Mapping[bytes, bytes]], extractor: str) -> None:
        """Replace the files of some batches; `trim` keeps the folder within its limit.

        Args:
            changed: for each batch, the sealed extracts of every group, by its name.
            extractor: whose extracts they are; files of its other versions are deleted.
        """
        for batch, sealed in changed.items():
            try:
                self._replace(self.path(batch, extractor), sealed)
            except OSError:
                self.delete(batch)  # with a draft that is half-written

    def _replace(self, path: Path, sealed: Mapping[bytes, bytes]) -> None:
        parts = [MAGIC]
        for name, extracts in sealed.items():
            parts += (name, _prefixed(extracts))
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


def _prefixed(content: bytes) -> bytes:
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def _split(content: bytes, name_bytes: int, start: int = 0) -> Iterator[tuple[bytes, bytes]]:
    """Yield each name, of so many bytes, and what `_prefixed` made after it.

    Raises:
        ValueError: it does not have the layout to its last byte.
    """
    while start < len(content):
        body = start + name_bytes + _LENGTH_BYTES
        end = body + int.from_bytes(content[start + name_bytes : body], "big")
        if end > len(content) or end == body:
            raise ValueError("a file of extracts was cut short")
        yield content[start : start + name_bytes], content[body:end]
        start = end
