"""Compares a copy with a study's earlier ones: which rows are new, and which must be deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.anonymity import Labels
from models.persons import row_key
from models.ports import RecordStore
from storage import Record

PSEUDONYM_CHARACTERS: Final = 32


@dataclass(frozen=True, slots=True)
class EarlierCopy:
    """The name of an earlier copy of the study, and the pseudonyms of its rows.

    `parts` has the ids of the records of each row, and `left_out` the pseudonyms of the rows that
    had to stay out; both are empty for a copy of an earlier release.
    """

    release: str
    names: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()


def to_row_name(pseudonym: bytes) -> str:
    """Return the name of a person's rows in a copy."""
    return pseudonym.hex()[:PSEUDONYM_CHARACTERS]


def find_batches(
    store: RecordStore,
    study: str,
    earlier: Sequence[EarlierCopy],
    rows: Sequence[Sequence[Record]],
) -> list[Labels]:
    """Return for each earlier copy two masks: the rows that it does not have, and the new rows.

    New are those that it neither has nor left out. If one of them let rows appear that were
    left out, anyone who knows that this person joined would know their label.

    Args:
        store: gives the pseudonyms.
        study: whose copies they are.
        earlier: the copies.
        rows: the records of each row.
    """
    people = [{record.subject for record in records} for records in rows]
    batches = []
    for copy in earlier:
        pseudonym = store.pseudonyms(f"release {study} {copy.release}")
        names = [
            {to_row_name(pseudonym(key)) for key in {row_key(person), *person}} for person in people
        ]
        for known in ({*copy.names}, {*copy.names, *copy.left_out}):
            batches.append(np.array([known.isdisjoint(each) for each in names], np.bool_))
    return batches


def find_deleted(
    store: RecordStore,
    study: str,
    earlier: Sequence[EarlierCopy],
    patients: Mapping[bytes, Sequence[Record]],
    records: Sequence[Record],
) -> dict[str, list[str]]:
    """Return, by earlier copy, the names of the rows that must be deleted from it.

    A row stays only while every record that it was made of is permitted. A row from before two
    subjects were linked stays while its own subject permits it; a row made of several subjects
    stays only while the same ones are linked and permit it.

    Args:
        store: gives the pseudonyms.
        study: whose copies they are.
        earlier: the copies.
        patients: the records of each row that can be made now, by the row's key.
        records: all that are permitted now.
    """
    keys = {*patients, *(record.subject for part in patients.values() for record in part)}
    permitted = {record.record_id for record in records}
    deleted = {}
    for copy in earlier:
        pseudonym = store.pseudonyms(f"release {study} {copy.release}")
        known = {to_row_name(pseudonym(key)) for key in keys}
        deleted[copy.release] = sorted(
            name
            for name in set(copy.names)
            if name not in known or not permitted.issuperset(copy.parts.get(name, ()))
        )
    return deleted
