"""Knows which records exist and where; it holds pseudonyms and blocks' names, nothing clinical."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from consent import CATEGORY_CODES
from storage.database import insert_many, plain, reading, writing
from storage.entry import Batch, Columns, Entry, columns_of, day_number, iso_date
from storage.errors import ConcurrentChange
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
        """Write a batch in the state `sealed` with all its entries, at once; return its id.

        Raises:
            Overtaken: one of these sources or versions is here already; nothing was written.
        """
        with writing(self._engine) as connection:
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
            rows = [_row(entry, identity) for entry in entries]
            insert_many(connection, _RECORDS, _WRITTEN, rows)
        return identity

    def move(self, batch: int, state: str) -> None:
        """Note how far a batch has come.

        Raises:
            Overtaken: it was given up meanwhile.
        """
        with writing(self._engine) as connection:
            moved = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            if connection.execute(moved.values(state=state)).rowcount != 1:
                raise ConcurrentChange("the batch was given up: deposit it again")

    def drop(self, batch: int) -> None:
        """Forget a batch that was never catalogued, with all its entries."""
        with writing(self._engine) as connection:
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
        with writing(self._engine) as connection:
            erased = older.c.wrapped.is_not(None) & sa.exists().where(same)
            touched = sa.select(older.c.batch).distinct().where(erased)
            batches = [row for (row,) in connection.execute(touched)]
            connection.execute(sa.update(older).where(erased).values(wrapped=None))
            marked = sa.update(_BATCHES).where(_BATCHES.c.id.in_(batches))
            connection.execute(marked.values(has_erased=True))
            moved = sa.update(_BATCHES).where(_BATCHES.c.id == batch)
            connection.execute(moved.values(state=CATALOGUED))
        return batches

    def shred(self, subject: bytes, connection: sa.Connection) -> None:
        """Delete the wrapped key of every version of a subject, in the caller's transaction."""
        theirs = (_RECORDS.c.subject == subject) & _RECORDS.c.wrapped.is_not(None)
        touched = sa.select(_RECORDS.c.batch).where(theirs)
        marked = sa.update(_BATCHES).where(_BATCHES.c.id.in_(touched))
        connection.execute(marked.values(has_erased=True))
        connection.execute(sa.update(_RECORDS).where(theirs).values(wrapped=None))

    def repinned(self, batch: Batch, pin: bytes, placed: Sequence[Entry]) -> None:
        """Note the pin that holds what is left of a batch, and where its blocks stand now.

        Raises:
            Overtaken: another process gave it another pin meanwhile.
        """
        place = sa.update(_RECORDS).values(place=sa.bindparam("to"))
        place = place.where(_RECORDS.c.record_id == sa.bindparam("of"))
        place = place.where(_RECORDS.c.batch == batch.id)
        with writing(self._engine) as connection:
            same = (_BATCHES.c.id == batch.id) & (_BATCHES.c.pin == batch.pin)
            if connection.execute(sa.update(_BATCHES).where(same).values(pin=pin)).rowcount != 1:
                raise ConcurrentChange("another process collects the same blocks")
            rows = [{"of": entry.record_id, "to": entry.place} for entry in placed]
            if rows:
                connection.execute(place, rows)

    def collected(self, batch: int, left: int) -> None:
        """Note that a batch holds no erased block any more, unless it lost still more since."""
        held = sa.select(sa.func.count()).select_from(_RECORDS)
        held = held.where(_RECORDS.c.batch == batch, _RECORDS.c.wrapped.is_not(None))
        same = (_BATCHES.c.id == batch) & (held.scalar_subquery() == left)
        with writing(self._engine) as connection:
            connection.execute(sa.update(_BATCHES).where(same).values(has_erased=False))

    def find_batch(self, batch: int) -> Batch | None:
        """Return a batch as it stands now, or None if it was given up."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(_BATCHES).where(_BATCHES.c.id == batch)).first()
        return Batch(*row) if row else None

    def batches(self, *, erased: bool = False, unfinished: bool = False) -> list[Batch]:
        """Return the batches, oldest first: all, or those that still need work of a kind."""
        asked = sa.select(_BATCHES).order_by(_BATCHES.c.id)
        if erased:
            asked = asked.where(_BATCHES.c.has_erased)
        if unfinished:
            asked = asked.where(_BATCHES.c.state != ANCHORED)
        with reading(self._engine) as connection:
            return [Batch(*row) for row in connection.execute(asked)]

    def entries(self, batch: int) -> list[Entry]:
        """Return every version that a batch holds, in order, erased ones too."""
        asked = sa.select(*_ENTRY).where(_RECORDS.c.batch == batch).order_by(_RECORDS.c.seq)
        with reading(self._engine) as connection:
            return _entries(connection.execute(asked).all())

    def unfinished_of(self, sources: Sequence[bytes]) -> list[Batch]:
        """Return the batches that still need work and hold a record from one of these sources."""
        unfinished = self.batches(unfinished=True)
        if not unfinished:
            return []
        names, held = [batch.id for batch in unfinished], set[int]()
        with reading(self._engine) as connection:
            for part in _parts(sources):
                asked = sa.select(_RECORDS.c.batch).distinct()
                asked = asked.where(_RECORDS.c.source.in_(part), _RECORDS.c.batch.in_(names))
                held |= set(connection.scalars(asked))
        return [batch for batch in unfinished if batch.id in held]

    def known_sources(self, sources: Sequence[bytes]) -> dict[bytes, str]:
        """Return the record id of each of these source keys that is here already."""
        found: dict[bytes, str] = {}
        with reading(self._engine) as connection:
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
        custodian: str | None = None,
    ) -> list[Entry]:
        """Return the current version of the records asked for, in catalogue order."""
        asked = sa.select(*_ENTRY).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        asked = asked.where(_BATCHES.c.state.in_(VISIBLE), _RECORDS.c.wrapped.is_not(None))
        if categories is not None:
            wanted = [CATEGORY_CODES.index(code) for code in categories]
            asked = asked.where(_RECORDS.c.category.in_(wanted))
        if custodian is not None:
            asked = asked.where(_RECORDS.c.custodian == custodian)
        narrowed = [asked]
        for column, values in ((_RECORDS.c.subject, subjects), (_RECORDS.c.record_id, record_ids)):
            if values is not None:
                narrowed = [one.where(column.in_(p)) for one in narrowed for p in _parts(values)]
        with reading(self._engine) as connection:
            found = [connection.execute(one.order_by(_RECORDS.c.seq)).all() for one in narrowed]
        rows = [row for part in found for row in part]
        # Each part is in order; a timsort finds that out, so one part costs nothing.
        return _entries(sorted(rows, key=_seq))

    def columns(
        self,
        categories: Sequence[str] | None = None,
        subjects: Sequence[bytes] | None = None,
        custodian: str | None = None,
    ) -> Columns:
        """Return the current records that are asked for, as columns for a decision."""
        return columns_of(
            self.current(categories=categories, subjects=subjects, custodian=custodian)
        )

    def subjects_with(self, categories: Sequence[str]) -> list[bytes]:
        """Return the subjects with a current record of each category, by their oldest record."""
        codes = {CATEGORY_CODES.index(code) for code in categories}
        query = sa.select(_RECORDS.c.subject).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        query = query.where(_BATCHES.c.state.in_(VISIBLE), _RECORDS.c.wrapped.is_not(None))
        query = query.where(_RECORDS.c.category.in_(codes)).group_by(_RECORDS.c.subject)
        query = query.having(sa.func.count(_RECORDS.c.category.distinct()) == len(codes))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(sa.func.min(_RECORDS.c.seq)))
            return [bytes(row.subject) for row in rows]

    def visible_batches(self) -> int:
        """Return how many batches can be asked for; the number grows with each deposit."""
        asked = sa.select(sa.func.count()).where(_BATCHES.c.state.in_(VISIBLE))
        with reading(self._engine) as connection:
            return int(connection.scalar(asked) or 0)

    def totals(self) -> dict[str, int]:
        """Return how many records, subjects and batches are here."""
        live = sa.select(_RECORDS).join(_BATCHES, _RECORDS.c.batch == _BATCHES.c.id)
        live = live.where(_BATCHES.c.state.in_(VISIBLE), _RECORDS.c.wrapped.is_not(None))
        found = live.subquery()
        counted = sa.select(sa.func.count(), sa.func.count(found.c.subject.distinct()))
        with reading(self._engine) as connection:
            records, subjects = connection.execute(counted.select_from(found)).one()
            batches = connection.execute(sa.select(sa.func.count()).select_from(_BATCHES))
            return {"records": records, "subjects": subjects, "batches": batches.scalar_one()}


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
_ENTRY: Final = plain([_RECORDS.c[name] for name in (*_WRITTEN, "seq")])
_seq: Final = itemgetter(len(_WRITTEN))


def _entries(rows: Sequence[Any]) -> list[Entry]:
    """Return rows of _ENTRY as entries; column by column, since there may be a million."""
    if not rows:
        return []
    ids, versions, subjects, categories, custodians, days, *rest, _ = zip(*rows, strict=True)
    dates = {day: iso_date(day) for day in set(days)}
    words = map(CATEGORY_CODES.__getitem__, categories)
    on = map(dates.__getitem__, days)
    return list(map(Entry, ids, versions, subjects, words, custodians, on, *rest))


def _row(entry: Entry, batch: int) -> tuple[Any, ...]:
    """Return an entry in the order of _WRITTEN, which is its own."""
    category, day = CATEGORY_CODES.index(entry.category), day_number(entry.recorded_on)
    return (*entry._replace(category=category, recorded_on=day)[:-1], batch)  # type: ignore[arg-type]


def _parts(values: Iterable[bytes]) -> Iterator[list[bytes]]:
    listed = list(dict.fromkeys(values))
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
