"""List which records exist and where their blocks are: pseudonyms and CIDs, nothing clinical."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from consent import CATEGORY_CODES
from storage.database import chunks, insert_many, reading, writing
from storage.entry import Batch, Columns, Entry, columns_of, day_number, iso_date
from storage.errors import ConcurrentChange
from storage.tables import METADATA

SEALED: Final = "sealed"
PINNED: Final = "pinned"
CATALOGUED: Final = "catalogued"
ANCHORED: Final = "anchored"
VISIBLE: Final = (CATALOGUED, ANCHORED)
"""A batch goes through these states in order; its records are visible from `catalogued` on."""

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
    sa.Column("category", sa.SmallInteger, nullable=False),  # index into CATEGORY_CODES
    sa.Column("custodian", sa.String(128), nullable=False),
    sa.Column("recorded_on", sa.Integer, nullable=False),  # days since 1970-01-01
    sa.Column("cid", sa.LargeBinary(36), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("place", sa.BigInteger, nullable=False),  # offset in the batch's CAR file
    sa.Column("commitment", sa.LargeBinary(32), nullable=False),
    sa.Column("batch", sa.ForeignKey("storage_batches.id"), nullable=False, index=True),
    sa.Column("source", sa.LargeBinary(32), nullable=True, unique=True),
    sa.Column("wrapped", sa.LargeBinary(), nullable=True),  # NULL: this version was erased
    sa.UniqueConstraint("record_id", "version"),
)
_IS_CURRENT: Final = _BATCHES.c.state.in_(VISIBLE) & _RECORDS.c.wrapped.is_not(None)


class Catalogue:
    """The table of records, one row a version; the current version is the one with a key."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, name: str, at_s: int, pin: bytes, root: bytes, entries: Sequence[Entry]) -> int:
        """Store a batch in the state `sealed` with all its entries; return its id.

        Raises:
            ConcurrentChange: one of its sources or versions exists already; nothing was written.
        """
        values = {
            "name": name,
            "state": SEALED,
            "at_s": at_s,
            "count": len(entries),
            "pin": pin,
            "root": root,
            "has_erased": False,
        }
        with writing(self._engine) as connection:
            inserted = connection.execute(sa.insert(_BATCHES).values(values)).inserted_primary_key
            batch = int(inserted[0]) if inserted else 0
            insert_many(connection, _RECORDS, _WRITTEN, [_row(entry, batch) for entry in entries])
        return batch

    def times(self, batches: Sequence[int]) -> dict[int, int]:
        """Return when each of these batches was sealed, seconds UTC, by batch id."""
        query = sa.select(_BATCHES.c.id, _BATCHES.c.at_s).where(_BATCHES.c.id.in_(list(batches)))
        with reading(self._engine) as connection:
            return {int(row.id): int(row.at_s) for row in connection.execute(query)}

    def set_state(self, batch: int, state: str) -> None:
        """Store a batch's new state.

        Raises:
            ConcurrentChange: another process has abandoned the batch.
        """
        with writing(self._engine) as connection:
            change = sa.update(_BATCHES).where(_BATCHES.c.id == batch).values(state=state)
            if connection.execute(change).rowcount != 1:
                raise ConcurrentChange("the batch was abandoned; deposit it again")

    def delete(self, batch: int) -> None:
        """Delete a batch that was never catalogued, with all its entries."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(_RECORDS).where(_RECORDS.c.batch == batch))
            connection.execute(sa.delete(_BATCHES).where(_BATCHES.c.id == batch))

    def make_current(self, batch: int) -> list[int]:
        """Make a batch visible, and delete the keys of older versions of its records.

        Returns the batches that now hold erased blocks.
        """
        newer, older = _RECORDS.alias("newer"), _RECORDS
        is_newer = sa.and_(
            newer.c.record_id == older.c.record_id,
            newer.c.batch == batch,
            newer.c.version > older.c.version,
        )
        with writing(self._engine) as connection:
            is_erased = older.c.wrapped.is_not(None) & sa.exists().where(is_newer)
            query = sa.select(older.c.batch).distinct().where(is_erased)
            batches = list(connection.scalars(query))
            connection.execute(sa.update(older).where(is_erased).values(wrapped=None))
            marking = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
            connection.execute(marking.values(has_erased=True))
            change = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            connection.execute(change.values(state=CATALOGUED))
        return batches

    def delete_keys(self, subject: bytes, connection: sa.Connection) -> None:
        """Delete the wrapped keys of a subject's records, in the caller's transaction."""
        has_key = (_RECORDS.c.subject == subject) & _RECORDS.c.wrapped.is_not(None)
        batches = sa.select(_RECORDS.c.batch).where(has_key)
        marking = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
        connection.execute(marking.values(has_erased=True))
        connection.execute(sa.update(_RECORDS).where(has_key).values(wrapped=None))

    def delete_record(self, record_id: bytes) -> None:
        """Delete the keys of every version of a record; its source may be deposited again."""
        is_version = _RECORDS.c.record_id == record_id
        batches = sa.select(_RECORDS.c.batch).where(is_version)
        with writing(self._engine) as connection:
            marking = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
            connection.execute(marking.values(has_erased=True))
            connection.execute(
                sa.update(_RECORDS).where(is_version).values(wrapped=None, source=None)
            )

    def set_pin(self, batch: Batch, pin: bytes, entries: Sequence[Entry]) -> None:
        """Store the pin of what is left of a batch, and the entries' new offsets.

        Raises:
            ConcurrentChange: another process changed the pin first.
        """
        move = (
            sa.update(_RECORDS)
            .values(place=sa.bindparam("offset"))
            .where(_RECORDS.c.record_id == sa.bindparam("moved"), _RECORDS.c.batch == batch.id)
        )
        with writing(self._engine) as connection:
            unchanged = (_BATCHES.c.id == batch.id) & (_BATCHES.c.pin == batch.pin)
            change = sa.update(_BATCHES).where(unchanged).values(pin=pin)
            if connection.execute(change).rowcount != 1:
                raise ConcurrentChange("another process is collecting the same blocks; try again")
            rows = [{"moved": entry.record_id, "offset": entry.offset} for entry in entries]
            if rows:
                connection.execute(move, rows)

    def clear_erased(self, batch: int, left: int) -> None:
        """Mark a batch as free of erased blocks, if exactly `left` entries still have keys."""
        live = sa.select(sa.func.count()).select_from(_RECORDS)
        live = live.where(_RECORDS.c.batch == batch, _RECORDS.c.wrapped.is_not(None))
        unchanged = (_BATCHES.c.id == batch) & (live.scalar_subquery() == left)
        with writing(self._engine) as connection:
            connection.execute(sa.update(_BATCHES).where(unchanged).values(has_erased=False))

    def find_batch(self, batch: int) -> Batch | None:
        """Return a batch, or None if it was abandoned."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(_BATCHES).where(_BATCHES.c.id == batch)).first()
        return Batch(*row) if row else None

    def batches(self, *, erased: bool = False, unfinished: bool = False) -> list[Batch]:
        """Return the batches, oldest first; only those with erased blocks, or unfinished ones."""
        query = sa.select(_BATCHES).order_by(_BATCHES.c.id)
        if erased:
            query = query.where(_BATCHES.c.has_erased)
        if unfinished:
            query = query.where(_BATCHES.c.state != ANCHORED)
        with reading(self._engine) as connection:
            return [Batch(*row) for row in connection.execute(query)]

    def entries(self, batch: int) -> list[Entry]:
        """Return every version in a batch, in order, including erased ones."""
        query = sa.select(*_ENTRY).where(_RECORDS.c.batch == batch).order_by(_RECORDS.c.seq)
        with reading(self._engine) as connection:
            return _entries(connection.execute(query).all())

    def unfinished_batches(self, sources: Sequence[bytes]) -> list[Batch]:
        """Return the unfinished batches that hold a record from one of these sources."""
        unfinished = self.batches(unfinished=True)
        if not unfinished:
            return []
        ids, matching = [batch.id for batch in unfinished], set[int]()
        with reading(self._engine) as connection:
            for chunk in chunks(sources):
                query = sa.select(_RECORDS.c.batch).distinct()
                query = query.where(_RECORDS.c.source.in_(chunk), _RECORDS.c.batch.in_(ids))
                matching |= set(connection.scalars(query))
        return [batch for batch in unfinished if batch.id in matching]

    def find_sources(self, sources: Sequence[bytes]) -> dict[bytes, str]:
        """Return the record id of each of these sources that was deposited before."""
        record_ids: dict[bytes, str] = {}
        with reading(self._engine) as connection:
            for chunk in chunks(sources):
                query = sa.select(_RECORDS.c.source, _RECORDS.c.record_id)
                query = query.where(_RECORDS.c.source.in_(chunk))
                record_ids |= {row.source: row.record_id.hex() for row in connection.execute(query)}
        return record_ids

    def current(
        self,
        *,
        subjects: Sequence[bytes] | None = None,
        categories: Sequence[str] | None = None,
        record_ids: Sequence[bytes] | None = None,
        custodian: str | None = None,
    ) -> list[Entry]:
        """Return the current version of each record that matches, in catalogue order."""
        query = sa.select(*_ENTRY).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        query = query.where(_IS_CURRENT)
        if categories is not None:
            indexes = [CATEGORY_CODES.index(code) for code in categories]
            query = query.where(_RECORDS.c.category.in_(indexes))
        if custodian is not None:
            query = query.where(_RECORDS.c.custodian == custodian)
        queries = [query]
        for column, values in ((_RECORDS.c.subject, subjects), (_RECORDS.c.record_id, record_ids)):
            if values is not None:
                queries = [q.where(column.in_(chunk)) for q in queries for chunk in chunks(values)]
        with reading(self._engine) as connection:
            parts = [connection.execute(q.order_by(_RECORDS.c.seq)).all() for q in queries]
        # Each part is sorted already, so that sorting a single part costs next to nothing.
        return _entries(sorted((row for part in parts for row in part), key=_seq))

    def columns(
        self,
        categories: Sequence[str] | None = None,
        subjects: Sequence[bytes] | None = None,
        custodian: str | None = None,
    ) -> Columns:
        """Return the current version of each record that matches, as columns for a decision."""
        return columns_of(
            self.current(categories=categories, subjects=subjects, custodian=custodian)
        )

    def subjects_with(self, categories: Sequence[str]) -> list[bytes]:
        """Return the subjects with a current record of each category, by their oldest record."""
        indexes = {CATEGORY_CODES.index(code) for code in categories}
        query = sa.select(_RECORDS.c.subject).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        query = query.where(_IS_CURRENT, _RECORDS.c.category.in_(indexes))
        query = query.group_by(_RECORDS.c.subject)
        query = query.having(sa.func.count(_RECORDS.c.category.distinct()) == len(indexes))
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(sa.func.min(_RECORDS.c.seq))))

    def blocks_of(self, subject: bytes) -> list[bytes]:
        """Return the CID of every version of a subject's records, erased ones too, sorted."""
        query = sa.select(_RECORDS.c.cid).where(_RECORDS.c.subject == subject)
        with reading(self._engine) as connection:
            return sorted(bytes(cid) for cid in connection.scalars(query))

    def count_visible_batches(self) -> int:
        """Return the number of visible batches; it grows with each deposit."""
        query = sa.select(sa.func.count()).where(_BATCHES.c.state.in_(VISIBLE))
        with reading(self._engine) as connection:
            return int(connection.scalar(query) or 0)

    def totals(self) -> dict[str, int]:
        """Return the numbers of current records, their subjects, and all batches."""
        subjects = _RECORDS.c.subject.distinct()
        query = sa.select(sa.func.count(), sa.func.count(subjects)).select_from(
            _RECORDS.join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        )
        with reading(self._engine) as connection:
            records, people = connection.execute(query.where(_IS_CURRENT)).one()
            batches = connection.scalar(sa.select(sa.func.count()).select_from(_BATCHES))
            return {"records": records, "subjects": people, "batches": batches or 0}


_WRITTEN: Final = (
    "record_id",
    "version",
    "subject",
    "category",
    "custodian",
    "recorded_on",
    "cid",
    "size",
    "place",
    "commitment",
    "wrapped",
    "source",
    "batch",
)
_ENTRY: Final = [_RECORDS.c[name] for name in (*_WRITTEN, "seq")]
_seq: Final = itemgetter(len(_WRITTEN))


def _entries(rows: Sequence[Any]) -> list[Entry]:
    """Return rows of _ENTRY as entries; column by column, since there may be a million."""
    if not rows:
        return []
    ids, versions, subjects, categories, custodians, days, *rest, _ = zip(*rows, strict=True)
    dates = {day: iso_date(day) for day in set(days)}
    codes = map(CATEGORY_CODES.__getitem__, categories)
    recorded_on = map(dates.__getitem__, days)
    return list(map(Entry, ids, versions, subjects, codes, custodians, recorded_on, *rest))


def _row(entry: Entry, batch: int) -> tuple[Any, ...]:
    """Return an entry in the order of _WRITTEN, which is that of its fields."""
    category, day = CATEGORY_CODES.index(entry.category), day_number(entry.recorded_on)
    return (*entry._replace(category=category, recorded_on=day)[:-1], batch)  # type: ignore[arg-type]
