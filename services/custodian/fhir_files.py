"""Groups the files of a delivery, and reads their entries in parts that fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries

CHUNK_ENTRIES: Final = 5_000
CHUNK_BYTES: Final = 32 * 2**20
"""Of lines: as objects of Python they take up to twenty times as much."""


@dataclass(frozen=True, slots=True)
class FhirFile:
    """A file to take in; `open` starts it from the beginning each time."""

    name: str
    open: Callable[[], BinaryIO]


@dataclass(slots=True)
class _Part:
    """What is taken in together, while its files are read.

    Attributes:
        entries: each with the index of its file.
        size: the bytes of their lines.
        kinds: of the entries of the file that is read now; "" for any that names its resource
            otherwise than by kind and id.
        earlier: the same of the files before it.
        people: of all its files; None if one of them names nobody.
        is_other: whether the file that is read now is about other people than those before it.
    """

    entries: list[tuple[int, FhirEntry]] = field(default_factory=list)
    size: int = 0
    kinds: set[str] = field(default_factory=set)
    earlier: set[str] = field(default_factory=set)
    people: frozenset[str] | None = frozenset()
    is_other: bool = True

    def begin(self, people: frozenset[str]) -> None:
        """Note who the people of the next file are."""
        self.earlier |= self.kinds
        self.kinds = set()
        known, self.people = self.people, None
        self.is_other = False
        if people and known is not None:
            self.is_other = known.isdisjoint(people)
            self.people = known | people

    def takes(self, kind: str) -> bool:
        """Return whether the next entry of this kind may be added."""
        if len(self.entries) >= CHUNK_ENTRIES or self.size >= CHUNK_BYTES:
            return False
        if self.is_other or not self.earlier:
            return True
        return kind != "" and kind not in self.earlier and "" not in self.earlier


def parts(
    files: Sequence[FhirFile],
    people: Sequence[frozenset[str]],
    read: dict[int, list[FhirEntry]],
) -> Iterator[list[tuple[int, FhirEntry]]]:
    """Yield the entries that are taken in together, each with the index of its file.

    Files share a part if nothing in one of them can be another version of what is in another: they
    are about other people, such as a Bundle for each, or have other kinds of resource, such as the
    files of an export.

    Args:
        files: all of a delivery.
        people: those of each file.
        read: the entries of files that were read already, by index; each is removed once used.
    """
    part = _Part()
    for index, file in enumerate(files):
        part.begin(people[index])
        for entry in read.pop(index, None) or read_entries(file.open()):
            kind = _kind_of(entry)
            if not part.takes(kind):
                yield part.entries
                part = _Part()
                part.begin(people[index])
            part.kinds.add(kind)
            part.size += entry.size
            part.entries.append((index, entry))
    if part.entries:
        yield part.entries


def _kind_of(entry: FhirEntry) -> str:
    """Return the kind of resource that an entry can be a version of; "" for any kind."""
    return "" if entry.url or entry.target else entry.kind
