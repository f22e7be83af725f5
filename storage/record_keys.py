"""Deletes the keys of records, and finds records that lost theirs while others worked on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from storage.catalogue_tables import BATCHES, RECORDS
from storage.database import chunks
from storage.entry import Entry
from storage.errors import ConcurrentChange
from storage.keys import require_patient_keys

HAS_KEY: Final = RECORDS.c.wrapped.is_not(None) | RECORDS.c.former.is_not(None)
ERASED: Final[dict[str, None]] = {"wrapped": None, "former": None}
_CHANGED: Final = "another process moved, deleted or changed one of the records; try again"


def delete_keys(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> None:
    """Delete the keys of all versions that meet a condition."""
    connection.execute(mark_erased(sa.select(RECORDS.c.batch).where(condition)))
    connection.execute(sa.update(RECORDS).where(condition).values(ERASED))


def delete_record(connection: sa.Connection, record_id: bytes, version: int | None) -> None:
    """Delete the keys of every version of a record, and its source.

    Raises:
        ConcurrentChange: another version than this one is the newest.
    """
    is_version = RECORDS.c.record_id == record_id
    versions = sa.select(RECORDS.c.version).where(is_version).with_for_update()
    if version is not None and max(connection.scalars(versions)) != version:
        raise ConcurrentChange(_CHANGED)
    delete_keys(connection, is_version)
    connection.execute(sa.update(RECORDS).where(is_version).values(source=None))


def require_keys(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Refuse entries of a patient, or new versions of a record, whose key was deleted meanwhile.

    Otherwise a record that was moved to another patient would be back under the first one. Until
    the caller's transaction ends, no erasure deletes the key of one of these patients.

    Raises:
        ConcurrentChange: a record was moved or erased meanwhile, or a patient was erased.
    """
    require_patient_keys(connection, {entry.subject for entry in entries})
    newer = {entry.record_id for entry in entries if entry.version > 1 and entry.wrapped}
    query = sa.select(RECORDS.c.record_id, RECORDS.c.wrapped.is_not(None)).with_for_update()
    known, current = set[bytes](), set[bytes]()
    for chunk in chunks(newer):
        for record_id, has_key in connection.execute(query.where(RECORDS.c.record_id.in_(chunk))):
            (current if has_key else known).add(bytes(record_id))
    if known - current:
        raise ConcurrentChange(_CHANGED)


def mark_erased(batches: Sequence[int] | sa.Select[tuple[int]]) -> sa.Update:
    """Return the statement that marks batches as having blocks without a key."""
    return sa.update(BATCHES).where(BATCHES.c.id.in_(batches)).values(has_erased=True)
