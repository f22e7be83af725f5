"""Store new versions of records: what arrives is merged with what is stored."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from storage.components import Components, Progress, no_progress
from storage.deposit import MAX_ATTEMPTS, RECORD_ID_BYTES, Deposits, batch_slices
from storage.entry import Entry
from storage.errors import ConcurrentChange, RecordLost, StorageNotFound
from storage.history_rule import HistoryRule
from storage.reader import Reader
from storage.record import Record, renumber, require_record


class Merged(StrEnum):
    """What became of a record that arrived."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    ERASED = "erased"


class Arriving(NamedTuple):
    """What arrives for one record.

    Attributes:
        record: its content, and its `record_id` if it is known to be stored.
        source: where it came from: the same text finds the same record again.
        may_keep: False if the version that this one replaces is destroyed whatever the rule says.
    """

    record: Record
    source: str
    may_keep: bool = True


Merge = Callable[[Record, Record], Record | None]
"""(stored, arriving) -> the next content, or None if nothing changes."""


Change = Callable[[Sequence[Record]], Sequence[Record]]
"""Returns what a moved record has, of each of its versions; the current one is the last."""


@dataclass(frozen=True, slots=True)
class MergeReport:
    """What became of each record that arrived, in order, and the ids of all of them."""

    record_ids: tuple[str, ...]
    results: tuple[Merged, ...]

    def count(self, result: Merged) -> int:
        """Return how many records had this result."""
        return self.results.count(result)

    def ids_of(self, result: Merged) -> list[str]:
        """Return the records that had this result."""
        return [
            record_id
            for record_id, each in zip(self.record_ids, self.results, strict=True)
            if each is result
        ]


class Versions:
    """Merges what arrives into stored records; opening one for that releases nothing."""

    def __init__(self, components: Components, deposits: Deposits, rule: HistoryRule) -> None:
        self._rule = rule
        self._catalogue = components.catalogue
        self._deposits = deposits
        self._reader = Reader(components)

    def find(self, records: Sequence[Record], sources: Sequence[str]) -> list[str]:
        """Return the id of the stored record of each source, or "" where there is none."""
        marks = self._deposits.source_marks(records, sources)
        known = self._deposits.find_finished(marks)
        while known is None:
            known = self._deposits.find_finished(marks)
        return [known.get(mark, "") for mark in marks]

    def entries(self, record_ids: Sequence[str]) -> dict[str, Entry]:
        """Return the catalogue entry of each of these records that is not erased."""
        entries = self._catalogue.current(record_ids=[bytes.fromhex(each) for each in record_ids])
        return {entry.record_id.hex(): entry for entry in entries}

    def move(self, record_id: str, change: Change, finish: Callable[[str], None]) -> str:
        """Store what `change` makes of a record, and delete the record; return the new one's id.

        The new record is sealed under the key of its own subject, and `finish` is called with its
        id before the old one is deleted. On return the new one is visible and anchored, and the
        old one is in no decision and cannot be opened. Repeating an interrupted call completes it.

        Raises:
            StorageNotFound: there is no such record.
            SubjectErased: the new subject was erased; nothing changed.
            VaultSealed, StoreUnavailable, DatabaseUnavailable, DiskFull: try again.
        """
        for _ in range(MAX_ATTEMPTS):
            with suppress(ConcurrentChange, RecordLost):  # changed meanwhile: move what it is now
                return self._move(record_id, change, finish)
        raise ConcurrentChange("other processes are changing the same record; try again")

    def _move(self, record_id: str, change: Change, finish: Callable[[str], None]) -> str:
        self._deposits.finish_versions([record_id])  # else the staged one could not be deleted
        entries = self._catalogue.current(record_ids=[bytes.fromhex(record_id)])
        records = [record for record in self._reader.read(entries) if record is not None]
        if not records:
            raise StorageNotFound("the record does not exist, or was moved or erased")
        versions = change([*self.read_former([record_id]), records[0]])
        new_id = self._deposit_moved(versions, record_id, records[0].version)
        finish(new_id)
        self._catalogue.delete_record(bytes.fromhex(record_id), records[0].version)
        return new_id

    def _deposit_moved(self, versions: Sequence[Record], record_id: str, version: int) -> str:
        """Store the versions of a record under a new id, unless they are stored already.

        What an interrupted call stored of an earlier version, or for another patient, is deleted.
        """
        moved = versions[-1]
        sources = [f"moved\0{record_id}\0{number}" for number in range(1, version + 1)]
        *earlier, known = self.find([moved] * version, sources)
        entry = self.entries([known]).get(known) if known else None
        is_stored = entry is not None and entry.subject == moved.subject
        for copy in {*earlier, "" if is_stored else known} - {""}:
            self._catalogue.delete_record(bytes.fromhex(copy))
        if is_stored:
            return known
        [mark] = self._deposits.source_marks([moved], sources[-1:])
        new_id = secrets.token_hex(RECORD_ID_BYTES)
        renumbered = renumber([replace(each, record_id=new_id) for each in versions], 1)
        self._deposits.deposit_versions([(renumbered[-1], mark)], former=renumbered[:-1])
        return new_id

    def merge(
        self, arriving: Sequence[Arriving], merge: Merge, progress: Progress = no_progress
    ) -> MergeReport:
        """Store what is new, and a new version of each record that `merge` changes.

        On return every change is visible and anchored. The keys of older versions are deleted; but
        those that lose content are kept where the custodian's rule says so.
        Repeating the call changes nothing. Records whose keys were erased are not stored again.

        Raises:
            RecordInvalid: one of the records is invalid; nothing was stored.
            VaultSealed, StoreUnavailable, DatabaseUnavailable, DiskFull: try again; the batches
                that were finished remain.
        """
        records = [each.record for each in arriving]
        for record in records:
            require_record(record)
        marks = self._deposits.source_marks(records, [each.source for each in arriving])
        # Of content that leaves its class nothing stays behind in the old one.
        lost = {each.record.record_id for each in arriving if not each.may_keep}
        ids, results = list[str](), list[Merged]()
        for part in batch_slices(records):
            progress("depositing", part.start, len(records))
            part_ids, part_results = self._merge_part(records[part], marks[part], merge, lost)
            ids += part_ids
            results += part_results
        progress("depositing", len(records), len(records))
        return MergeReport(tuple(ids), tuple(results))

    def _merge_part(
        self, records: Sequence[Record], marks: Sequence[bytes], merge: Merge, lost: Container[str]
    ) -> tuple[list[str], list[Merged]]:
        for _ in range(MAX_ATTEMPTS):
            known = self._deposits.find_finished(marks)
            if known is None:
                continue
            ids = [
                record.record_id or known.get(mark, "")
                for record, mark in zip(records, marks, strict=True)
            ]
            try:
                results, writing, replaced = self._merged(records, marks, ids, merge)
                keeping = replaced if replaced and self._rule.get().keeps else set[str]()
                if writing:
                    keeping = {record_id for record_id in keeping if record_id not in lost}
                    self._deposits.deposit_versions(writing, keeping=keeping)
                return ids, results
            except (ConcurrentChange, RecordLost):
                # Another process stores or re-encrypts one of them: look again when it has.
                self._deposits.finish_versions([record_id for record_id in ids if record_id])
        raise ConcurrentChange("other processes are changing the same records; try again")

    def _merged(
        self, records: Sequence[Record], marks: Sequence[bytes], ids: list[str], merge: Merge
    ) -> tuple[list[Merged], list[tuple[Record, bytes | None]], set[str]]:
        """Return what becomes of each, what to store, and the records that lose content by it."""
        stored = self.read([record_id for record_id in ids if record_id])
        results, replaced = list[Merged](), set[str]()
        writing: list[tuple[Record, bytes | None]] = []
        for index, (record, mark) in enumerate(zip(records, marks, strict=True)):
            result, following = _next(record, ids[index], stored, merge)
            results.append(result)
            if following is not None:
                ids[index] = following.record_id
                writing.append((following, mark if result is Merged.NEW else None))
                if result is Merged.CHANGED and _loses(stored[ids[index]], following):
                    replaced.add(ids[index])
        return results, writing, replaced

    def read_former(self, ids: Sequence[str]) -> list[Record]:
        """Return the former versions of these records that are kept, oldest first; as `read`."""
        entries = self._catalogue.former(record_ids=[bytes.fromhex(each) for each in ids])
        return [record for record in self._reader.read(entries) if record is not None]

    def count_former(self) -> int:
        """Return how many former versions are kept."""
        return self._catalogue.count_former()

    def find_former(self) -> list[Entry]:
        """Return the catalogue entry of every former version that is kept; none is opened."""
        return self._catalogue.former()

    def delete_former(self, ids: Sequence[str] | None = None) -> None:
        """Delete the keys of the former versions of these records, or of all.

        Their blocks are deleted by the next sweep.
        """
        self._catalogue.delete_former(None if ids is None else [bytes.fromhex(i) for i in ids])

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """Return the current version of each of these records that is not erased, by its id.

        Opening them for the custodian's own filing releases nothing, and is not journalled.
        """
        names = [bytes.fromhex(record_id) for record_id in ids]
        entries = self._catalogue.current(record_ids=names) if names else []
        records = self._reader.read(entries)
        return {record.record_id: record for record in records if record is not None}


def _loses(before: Record, after: Record) -> bool:
    """Return whether a version has something that the next one does not have, or has otherwise."""
    if set(before.resources) - set(after.resources):
        return True
    new = after.observations
    return any(new.get(code) != pair for code, pair in before.observations.items())


def _next(
    record: Record, record_id: str, stored: dict[str, Record], merge: Merge
) -> tuple[Merged, Record | None]:
    """Return what becomes of a record, and the version to store, if any."""
    if not record_id:
        return Merged.NEW, replace(record, record_id=secrets.token_hex(RECORD_ID_BYTES))
    before = stored.get(record_id)
    if before is None:
        return Merged.ERASED, None
    merged = merge(before, record)
    if merged is None:
        return Merged.SAME, None
    return Merged.CHANGED, replace(merged, record_id=record_id, version=before.version + 1)
