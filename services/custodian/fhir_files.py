"""Groups the files of a delivery, and reads their entries in parts that fit in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from records.fhir_entries import FhirEntry
from records.fhir_file import read_entries

CHUNK_ENTRIES: Final = 5_000


@dataclass(frozen=True, slots=True)
class FhirFile:
    """A file to take in; `open` starts it from the beginning each time."""

    name: str
    open: Callable[[], BinaryIO]


def groups(people: Sequence[frozenset[str]]) -> Iterator[list[int]]:
    """Yield the indexes of files that are taken in together.

    Files of other people, such as a Bundle for each person, share one batch: nothing in one of them
    is an earlier version of what is in another. Any other file is taken in by itself.
    """
    group, together = list[int](), set[str]()
    for index, persons in enumerate(people):
        if group and (not together or not persons or together & persons):
            yield group
            group, together = [], set()
        group.append(index)
        together |= persons
    if group:
        yield group


def chunks(
    files: Sequence[FhirFile], group: Sequence[int]
) -> Iterator[list[tuple[int, FhirEntry]]]:
    """Yield the entries of a group of files in parts, each with the index of its file."""
    entries = ((index, entry) for index in group for entry in read_entries(files[index].open()))
    while chunk := list(islice(entries, CHUNK_ENTRIES)):
        yield chunk
