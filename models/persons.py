"""Groups records by person: subjects that a custodian linked are one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from models.ports import RecordStore
from storage import Record


def group_by_person(store: RecordStore, records: Sequence[Record]) -> dict[bytes, list[Record]]:
    """Return the records of each person; each record was permitted under its own subject."""
    persons = store.persons({record.subject for record in records})
    by_person: dict[bytes, list[Record]] = {}
    for record in records:
        by_person.setdefault(persons[record.subject], []).append(record)
    return by_person


def row_key(subjects: Iterable[bytes]) -> bytes:
    """Return what a copy's row is named from: the subjects whose records it was made of, joined."""
    return b"".join(sorted(set(subjects)))


def permitted_row_keys(
    store: RecordStore,
    permitted: Mapping[bytes, Mapping[str, bytes]],
    needed: Iterable[str],
    used: Iterable[str],
) -> set[bytes]:
    """Return the keys of the rows that may stay in a copy.

    A row of one subject stays while that subject permits every needed category. A row of several
    stays while the same subjects are linked and permit them together.

    Args:
        store: knows who is linked.
        permitted: of each subject, the permitted categories.
        needed: the categories without which no row is made.
        used: the categories that a row is made of.
    """
    needed, used = frozenset(needed), frozenset(used)
    keys = {subject for subject, categories in permitted.items() if needed <= categories.keys()}
    linked: dict[bytes, list[bytes]] = {}
    for subject, person in store.persons(permitted).items():
        linked.setdefault(person, []).append(subject)
    for subjects in linked.values():
        joined = [subject for subject in subjects if used & permitted[subject].keys()]
        if needed <= {category for subject in joined for category in permitted[subject]}:
            keys.add(row_key(joined))
    return keys
