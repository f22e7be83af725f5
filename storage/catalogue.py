"""Knows which records exist and where; it holds pseudonyms and blocks' names, nothing clinical."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa

from consent import CATEGORY_CODES
from storage.entry import Batch, Columns, Entry, columns_of, day_number, iso_date
from storage.tables import METADATA

SEALED: Final = "sealed"
PINNED: Final = "pinned"
CATALOGUED: Final = "catalogued"
ANCHORED: Final = "anchored"
VISIBLE: Final = (CATALOGUED, ANCHORED)
"""A deposit goes through these in order; from `catalogued` on its records can be asked for."""

_AT_ONCE: Final = 500

_BATCHES = sa.Table(
    "storage_batches",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(32), nullable=False, unique=True),
    sa.Column("state", sa.String(10), nullable=False, index=True),
    sa.Column("at_s", sa.BigInteger, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    # What Kubo pins: a list of links to the batch's blocks. It changes when some are erased.
    sa.Column("pin", sa.LargeBinary(36), nullable=False),
    sa.Column("root", sa.LargeBinary(32), nullable=False),  # the Merkle root that is anchored
    sa.Column("has_erased", sa.Boolean, nullable=False),
)
_RECORDS = sa.Table(
    "storage_records",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("record_id", sa.LargeBinary(16), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("subject", sa.LargeBinary(32), nullable=False, index=True),
    sa.Column("category", sa.SmallInteger, nullable=False),
    sa.Column("custodian", sa.String(128), nullable=False),
    sa.Column("recorded_on", sa.Integer, nullable=False),  # days since 1970-01-01
    sa.Column("cid", sa.LargeBinary(36), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False),  # where it stands in the batch's CAR file
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    sa.Column("batch", sa.ForeignKey("storage_batches.id"), nullable=False, index=True),
    sa.Column("source", sa.LargeBinary(32), nullable=True, unique=True),
    sa.Column("wrapped", sa.LargeBinary(), nullable=True),  # NULL: this version was shredded
    sa.UniqueConstraint("record_id", "version"),
)


class Catalogue:
    """The table of records; one row a version, the current one being that which has a key."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, name: str, at_s: int, pin: bytes, root: bytes, entries: Sequence[Entry]) -> int:
        """Write a batch in the state `sealed` with all its entries, at once; return its id."""
        with self._engine.begin() as connection:
            batch = connection.execute(
                sa.insert(_BATCHES).values(
                    name=name,
                    state=SEALED,
                    at_s=at_s,
                    count=len(entries),
                    pin=pin,
                    root=root,
                    has_erased=False,
                )
            ).inserted_primary_key
            identity = int(batch[0]) if batch else 0
            connection.execute(sa.insert(_RECORDS), [_row(entry, identity) for entry in entries])
        return identity

    def move(self, batch: int, state: str) -> None:
        """Note how far a batch has come."""
        with self._engine.begin() as connection:
            moved = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            connection.execute(moved.values(state=state))

    def drop(self, batch: int) -> None:
        """Forget a batch that was never catalogued, with all its entries."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(_RECORDS).where(_RECORDS.c.batch == batch))
            connection.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch))

    def replace(self, batch: int) -> list[int]:
        """Put the versions of a sealed batch in place of those before, whose keys are deleted.

        Returns the batches that now hold erased blocks.
        """
        newer, older = _RECORDS.alias("newer"), _RECORDS
        same = sa.and_(
            newer.c.record_id == older.c.record_id,
            newer.c.batch == batch,
            newer.c.version > older.c.version,
        )
        with self._engine.begin() as connection:
            erased = older.c.wrapped.is_not(None) & sa.exists().where(same)
            touched = sa.select(older.c.batch).distinct().where(erased)
            batches = [row for (row,) in connection.execute(touched)]
            connection.execute(sa.update(older).where(erased).values(wrapped=None))
            marked = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
            connection.execute(marked.values(has_erased=True))
            moved = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            connection.execute(moved.values(state=CATALOGUED))
        return batches

    def shred(self, subject: bytes) -> list[int]:
        """Delete the wrapped key of every version of a subject; return the batches it was in."""
        with self._engine.begin() as connection:
            theirs = (_RECORDS.c.subject == subject) & _RECORDS.c.wrapped.is_not(None)
            touched = sa.select(_RECORDS.c.batch).distinct().where(theirs)
            batches = [row for (row,) in connection.execute(touched)]
            connection.execute(sa.update(_RECORDS).where(theirs).values(wrapped=None))
            marked = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
            connection.execute(marked.values(has_erased=True))
        return batches

    def repinned(self, batch: int, pin: bytes, placed: Sequence[Entry]) -> None:
        """Note the pin that holds what is left of a batch, and where its blocks stand now."""
        place = sa.update(_RECORDS).values(place=sa.bindparam("to"))
        place = place.where(_RECORDS.c.record_id == sa.bindparam("of"), _RECORDS.c.batch == batch)
        with self._engine.begin() as connection:
            moved = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            connection.execute(moved.values(pin=pin, has_erased=False))
            rows = [{"of": entry.record_id, "to": entry.place} for entry in placed]
            if rows:
                connection.execute(place, rows)

    def batches(self, *, erased: bool = False, unfinished: bool = False) -> list[Batch]:
        """Return the batches, oldest first: all, or those that still need work of a kind."""
        asked = sa.select(_BATCHES).order_by(_BATCHES.c.id)
        if erased:
            asked = asked.where(_BATCHES.c.has_erased)
        if unfinished:
            asked = asked.where(_BATCHES.c.state != ANCHORED)
        with self._engine.connect() as connection:
            return [Batch(*row) for row in connection.execute(asked)]

    def entries(self, batch: int) -> list[Entry]:
        """Return every version that a batch holds, in order, erased ones too."""
        asked = sa.select(*_ENTRY).where(_RECORDS.c.batch == batch).order_by(_RECORDS.c.seq)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(asked)]

    def known_sources(self, sources: Sequence[bytes]) -> dict[bytes, str]:
        """Return the record id of each of these source keys that is here already."""
        found: dict[bytes, str] = {}
        with self._engine.connect() as connection:
            for part in _parts(sources):
                asked = sa.select(_RECORDS.c.source, _RECORDS.c.record_id)
                asked = asked.where(_RECORDS.c.source.in_(part))
                found |= {row.source: row.record_id.hex() for row in connection.execute(asked)}
        return found

    def current(
        self,
        *,
        subjects: Sequence[bytes] | None = None,
        categories: Sequence[str] | None = None,
        record_ids: Sequence[bytes] | None = None,
    ) -> Iterator[Entry]:
        """Yield the current version of the records asked for, in catalogue order."""
        asked = sa.select(*_ENTRY).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        asked = asked.where(_BATCHES.c.state.in_(VISIBLE), _RECORDS.c.wrapped.is_not(None))
        if categories is not None:
            wanted = [CATEGORY_CODES.index(code) for code in categories]
            asked = asked.where(_RECORDS.c.category.in_(wanted))
        narrowed = [
            asked.where(column.in_(part))
            for column, values in (
                (_RECORDS.c.subject, subjects),
                (_RECORDS.c.record_id, record_ids),
            )
            if values is not None
            for part in _parts(values)
        ]
        if subjects is None and record_ids is None:
            narrowed = [asked]
        with self._engine.connect() as connection:
            for one in narrowed:
                rows = connection.execute(one.order_by(_RECORDS.c.seq)).all()
                yield from (_entry(row) for row in rows)

    def columns(
        self, categories: Sequence[str] | None = None, subjects: Sequence[bytes] | None = None
    ) -> Columns:
        """Return the current records of these categories (or all), as columns for a decision."""
        return columns_of(list(self.current(categories=categories, subjects=subjects)))

    def totals(self) -> dict[str, int]:
        """Return how many records, subjects and batches are here."""
        live = sa.select(_RECORDS).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        live = live.where(_BATCHES.c.state.in_(VISIBLE), _RECORDS.c.wrapped.is_not(None))
        found = live.subquery()
        counted = sa.select(sa.func.count(), sa.func.count(found.c.subject.distinct()))
        with self._engine.connect() as connection:
            records, subjects = connection.execute(counted.select_from(found)).one()
            batches = connection.execute(sa.select(sa.func.count()).select_from(_BATCHES))
            return {"records": records, "subjects": subjects, "batches": batches.scalar_one()}


_ENTRY: Final = (
    _RECORDS.c.record_id,
    _RECORDS.c.version,
    _RECORDS.c.subject,
    _RECORDS.c.category,
    _RECORDS.c.custodian,
    _RECORDS.c.recorded_on,
    _RECORDS.c.cid,
    _RECORDS.c.size,
    _RECORDS.c.place,
    _RECORDS.c.commitment,
    _RECORDS.c.wrapped,
    _RECORDS.c.source,
    _RECORDS.c.batch,
)


def _entry(row: Any) -> Entry:
    record_id, version, subject, category, custodian, days, *rest = row
    return Entry(
        record_id, version, subject, CATEGORY_CODES[category], custodian, iso_date(days), *rest
    )


def _row(entry: Entry, batch: int) -> dict[str, Any]:
    return {
        "record_id": entry.record_id,
        "version": entry.version,
        "subject": entry.subject,
        "category": CATEGORY_CODES.index(entry.category),
        "custodian": entry.custodian,
        "recorded_on": day_number(entry.recorded_on),
        "cid": entry.cid,
        "size": entry.size,
        "place": entry.place,
        "commitment": entry.commitment,
        "batch": batch,
        "source": entry.source,
        "wrapped": entry.wrapped,
    }


def _parts(values: Iterable[bytes]) -> Iterator[list[bytes]]:
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
