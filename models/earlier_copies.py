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
    """Return groups of rows, as masks, that an earlier copy lacks; each must be within the limits.

    A group has the rows that the same copies have, so that nobody who combines copies finds a
    smaller one. The rows of a group that are new since a copy, which the copy neither has nor left
    out, are a group too. Otherwise one new person could make rows appear that were left out, and
    anyone who knows that this person joined would know their label.

    Args:
        store: gives the pseudonyms.
        study: whose copies they are.
        earlier: the copies.
        rows: the records of each row.
    """
    people = [{record.subject for record in records} for records in rows]
    is_in = np.zeros((len(rows), len(earlier)), np.bool_)
    is_new = np.zeros_like(is_in)
    for place, copy in enumerate(earlier):
        pseudonym = store.pseudonyms(f"release {study} {copy.release}")
        known, left_out = {*copy.names}, {*copy.left_out}
        for row, person in enumerate(people):
            names = {to_row_name(pseudonym(key)) for key in {row_key(person), *person}}
            is_in[row, place] = not known.isdisjoint(names)
            is_new[row, place] = not is_in[row, place] and left_out.isdisjoint(names)
    batches = []
    for having in np.unique(is_in, axis=0):
        if not having.all():
            group = (is_in == having).all(axis=1)
            batches += [group, *(group & is_new[:, place] for place in np.flatnonzero(~having))]
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
