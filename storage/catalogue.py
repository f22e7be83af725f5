"""List which records exist and where their blocks are: pseudonyms and CIDs, nothing clinical."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from consent import CATEGORY_CODES
from storage.catalogue_tables import (
    BATCHES,
    ENTRY_COLUMNS,
    RECORDS,
    WRITTEN,
    Parameters,
    by_seq,
    select_entries,
    to_entries,
    to_row,
)
from storage.database import chunks, insert_many, read_few, reading, writing
from storage.entry import Batch, Columns, Entry, columns_of
from storage.errors import ConcurrentChange
from storage.record_keys import (
    ERASED,
    HAS_KEY,
    delete_keys,
    delete_record,
    mark_erased,
    require_keys,
)

SEALED: Final = "sealed"
PINNED: Final = "pinned"
CATALOGUED: Final = "catalogued"
ANCHORED: Final = "anchored"
VISIBLE: Final = (CATALOGUED, ANCHORED)
"""A batch goes through these states in order; its records are visible from `catalogued` on."""

# Parameters one by one: a list of them is made into SQL again at each execution.
_IS_VISIBLE: Final = BATCHES.c.state.in_([sa.literal(state) for state in VISIBLE])
_IS_CURRENT: Final = _IS_VISIBLE & RECORDS.c.wrapped.is_not(None)
_IS_FORMER: Final = _IS_VISIBLE & RECORDS.c.former.is_not(None)
_FEW: Final = 16
"""Up to so many values of a filter are parameters of their own."""


class Catalogue:
    """The table of records, one row a version; `wrapped` is the key of the current version."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, name: str, at_s: int, pin: bytes, root: bytes, entries: Sequence[Entry]) -> int:
        """Store a batch in the state `sealed` with all its entries; return its id.

        Raises:
            ConcurrentChange: one of its sources or versions exists already, or one of its records
                or patients was deleted meanwhile; nothing was written.
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
            require_keys(connection, entries)
            inserted = connection.execute(sa.insert(BATCHES).values(values)).inserted_primary_key
            batch = int(inserted[0]) if inserted else 0
            insert_many(connection, RECORDS, WRITTEN, [to_row(entry, batch) for entry in entries])
        return batch

    def names(self, batches: Iterable[int]) -> dict[int, str]:
        """Return the name of each of these batches that exists, by its id."""
        batches, names = set(batches), dict[int, str]()
        if len(batches) == 1:
            few = read_few(self._engine, _NAME, {"batch": next(iter(batches))})
            return {int(row.id): str(row.name) for row in few}
        with reading(self._engine) as connection:
            for chunk in chunks(batches):
                rows = connection.execute(_NAMES, {"batches": chunk})
                names |= {int(row.id): str(row.name) for row in rows}
        return names

    def times(self, batches: Sequence[int]) -> dict[int, int]:
        """Return when each of these batches was sealed, seconds UTC, by batch id."""
        query = sa.select(BATCHES.c.id, BATCHES.c.at_s).where(BATCHES.c.id.in_(list(batches)))
        with reading(self._engine) as connection:
            return {int(row.id): int(row.at_s) for row in connection.execute(query)}

    def set_state(self, batch: int, state: str) -> None:
        """Store a batch's new state.

        Raises:
            ConcurrentChange: another process has abandoned the batch.
        """
        with writing(self._engine) as connection:
            change = sa.update(BATCHES).where(BATCHES.c.id == batch).values(state=state)
            if connection.execute(change).rowcount != 1:
                raise ConcurrentChange("the batch was abandoned; deposit it again")

    def delete(self, batch: int) -> None:
        """Delete a batch that was never catalogued, with all its entries."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(RECORDS).where(RECORDS.c.batch == batch))
            connection.execute(sa.delete(BATCHES).where(BATCHES.c.id == batch))

    def make_current(self, batch: int) -> list[int]:
        """Make a batch visible, and delete or keep the keys of older versions of its records.

        A version that keeps what it replaces makes the older key that of a former version, which no
        decision and no reading of current records sees. Any other deletes all older keys.

        Returns the batches that now hold erased blocks.
        """
        newer, older = RECORDS.alias("newer"), RECORDS
        replaced = sa.select(newer.c.record_id).where(newer.c.batch == batch, newer.c.version > 1)
        is_older = older.c.record_id.in_(replaced)  # first: so the batch is read, not the table
        is_newer = sa.and_(
            newer.c.record_id == older.c.record_id,
            newer.c.batch == batch,
            newer.c.version > older.c.version,
            older.c.batch != batch,
        )
        keeps = sa.exists().where(is_newer, newer.c.keeps_former)
        destroys = sa.exists().where(is_newer, sa.not_(newer.c.keeps_former))
        with writing(self._engine) as connection:
            is_replaced = is_older & older.c.wrapped.is_not(None) & keeps
            former = {"former": older.c.wrapped, "wrapped": None}
            connection.execute(sa.update(older).where(is_replaced).values(former))
            is_erased = is_older & HAS_KEY & destroys
            batches = list(connection.scalars(sa.select(older.c.batch).distinct().where(is_erased)))
            connection.execute(sa.update(older).where(is_erased).values(ERASED))
            connection.execute(mark_erased(batches))
            change = sa.update(BATCHES).where(BATCHES.c.id == batch)
            connection.execute(change.values(state=CATALOGUED))
        return batches

    def delete_keys(self, subject: bytes, connection: sa.Connection) -> None:
        """Delete the wrapped keys of a subject's records, in the caller's transaction."""
        delete_keys(connection, (RECORDS.c.subject == subject) & HAS_KEY)

    def delete_former(self, record_ids: Sequence[bytes] | None = None) -> None:
        """Delete the keys of the former versions of these records (None: of all)."""
        is_former = RECORDS.c.former.is_not(None)
        with writing(self._engine) as connection:
            if record_ids is None:
                delete_keys(connection, is_former)
            for chunk in chunks(record_ids or ()):
                delete_keys(connection, is_former & RECORDS.c.record_id.in_(chunk))

    def delete_record(self, record_id: bytes, version: int | None = None) -> None:
        """Delete the keys of every version of a record; its source may be deposited again.

        Raises:
            ConcurrentChange: another version than this one is the newest; nothing was deleted.
        """
        with writing(self._engine) as connection:
            delete_record(connection, record_id, version)

    def set_pin(self, batch: Batch, pin: bytes, entries: Sequence[Entry]) -> None:
        """Store the pin of what is left of a batch, and the entries' new offsets.

        Raises:
            ConcurrentChange: another process changed the pin first.
        """
        move = (
            sa.update(RECORDS)
            .values(place=sa.bindparam("offset"))
            .where(
                RECORDS.c.record_id == sa.bindparam("moved"),
                RECORDS.c.version == sa.bindparam("of_version"),
                RECORDS.c.batch == batch.id,
            )
        )
        with writing(self._engine) as connection:
            unchanged = (BATCHES.c.id == batch.id) & (BATCHES.c.pin == batch.pin)
            change = sa.update(BATCHES).where(unchanged).values(pin=pin)
            if connection.execute(change).rowcount != 1:
                raise ConcurrentChange("another process is collecting the same blocks; try again")
            rows = [
                {"moved": entry.record_id, "of_version": entry.version, "offset": entry.offset}
                for entry in entries
            ]
            if rows:
                connection.execute(move, rows)

    def clear_erased(self, batch: int, left: int) -> None:
        """Mark a batch as free of erased blocks, if exactly `left` entries still have keys."""
        live = sa.select(sa.func.count()).select_from(RECORDS)
        live = live.where(RECORDS.c.batch == batch, HAS_KEY)
        unchanged = (BATCHES.c.id == batch) & (live.scalar_subquery() == left)
        with writing(self._engine) as connection:
            connection.execute(sa.update(BATCHES).where(unchanged).values(has_erased=False))

    def find_batch(self, batch: int) -> Batch | None:
        """Return a batch, or None if it was abandoned."""
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(BATCHES).where(BATCHES.c.id == batch)).first()
        return Batch(*row) if row else None

    def batches(self, *, erased: bool = False, unfinished: bool = False) -> list[Batch]:
        """Return the batches, oldest first; only those with erased blocks, or unfinished ones."""
        query = sa.select(BATCHES).order_by(BATCHES.c.id)
        if erased:
            query = query.where(BATCHES.c.has_erased)
        if unfinished:
            query = query.where(BATCHES.c.state != ANCHORED)
        with reading(self._engine) as connection:
            return [Batch(*row) for row in connection.execute(query)]

    def entries(self, batch: int) -> list[Entry]:
        """Return every version in a batch, in order, including erased ones."""
        query = sa.select(*ENTRY_COLUMNS).where(RECORDS.c.batch == batch).order_by(RECORDS.c.seq)
        with reading(self._engine) as connection:
            return to_entries(connection.execute(query).all())

    def unfinished_batches(self, sources: Sequence[bytes]) -> list[Batch]:
        """Return the unfinished batches that hold a record from one of these sources."""
        unfinished = self.batches(unfinished=True)
        if not unfinished:
            return []
        ids, matching = [batch.id for batch in unfinished], set[int]()
        with reading(self._engine) as connection:
            for chunk in chunks(sources):
                query = sa.select(RECORDS.c.batch).distinct()
                query = query.where(RECORDS.c.source.in_(chunk), RECORDS.c.batch.in_(ids))
                matching |= set(connection.scalars(query))
        return [batch for batch in unfinished if batch.id in matching]

    def find_sources(self, sources: Sequence[bytes]) -> dict[bytes, str]:
        """Return the record id of each of these sources that was deposited before."""
        record_ids: dict[bytes, str] = {}
        with reading(self._engine) as connection:
            for chunk in chunks(sources):
                query = sa.select(RECORDS.c.source, RECORDS.c.record_id)
                query = query.where(RECORDS.c.source.in_(chunk))
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
        values = _filters(subjects=subjects, categories=categories, record_ids=record_ids)
        if custodian is not None:
            values["custodians"] = [custodian]
        return self._read_entries(values, is_former=False)

    def former(
        self,
        *,
        subjects: Sequence[bytes] | None = None,
        categories: Sequence[str] | None = None,
        record_ids: Sequence[bytes] | None = None,
    ) -> list[Entry]:
        """Return the former versions that are kept of each record that matches, oldest first."""
        values = _filters(subjects=subjects, categories=categories, record_ids=record_ids)
        return self._read_entries(values, is_former=True)

    def count_former(self) -> int:
        """Return the number of former versions that are kept."""
        query = sa.select(sa.func.count()).where(RECORDS.c.former.is_not(None))
        with reading(self._engine) as connection:
            return connection.scalar(query) or 0

    def _read_entries(self, values: dict[str, list[Any]], *, is_former: bool) -> list[Entry]:
        is_narrow = not values.keys().isdisjoint({"subjects", "record_ids"})
        if is_narrow and all(len(each) <= _FEW for each in values.values()):
            return self._read_few(values, is_former=is_former)
        query = _entries_query(tuple(values), is_former)
        parts = [values]
        for name in set(values) & {"subjects", "record_ids"}:
            parts = [{**part, name: chunk} for part in parts for chunk in chunks(values[name])]
        with reading(self._engine) as connection:
            rows = [row for part in parts for row in connection.execute(query, part).all()]
        # Each part is sorted already, so that sorting a single part costs next to nothing.
        return to_entries(sorted(rows, key=by_seq))

    def _read_few(self, values: dict[str, list[Any]], *, is_former: bool) -> list[Entry]:
        """Look up by few values: each is a parameter of its own, so that it takes less work."""
        # Where there is none, nothing matches NULL.
        padded = {name: list(dict.fromkeys(each)) or [None] for name, each in values.items()}
        shape = tuple((name, len(each)) for name, each in padded.items())
        parameters = {
            f"{name}_{place}": value
            for name, each in padded.items()
            for place, value in enumerate(each)
        }
        return to_entries(read_few(self._engine, _few_entries_query(shape, is_former), parameters))

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
        query = sa.select(RECORDS.c.subject).join(BATCHES, RECORDS.c.batch == BATCHES.c.id)
        query = query.where(_IS_CURRENT, RECORDS.c.category.in_(indexes))
        query = query.group_by(RECORDS.c.subject)
        query = query.having(sa.func.count(RECORDS.c.category.distinct()) == len(indexes))
        with reading(self._engine) as connection:
            return list(connection.scalars(query.order_by(sa.func.min(RECORDS.c.seq))))

    def recorded(self, subjects: Sequence[bytes]) -> set[bytes]:
        """Return those of these subjects who have a current record."""
        query = sa.select(RECORDS.c.subject).join(BATCHES, RECORDS.c.batch == BATCHES.c.id)
        query, subjects_found = query.where(_IS_CURRENT).distinct(), set[bytes]()
        with reading(self._engine) as connection:
            for chunk in chunks(subjects):
                rows = connection.scalars(query.where(RECORDS.c.subject.in_(chunk)))
                subjects_found |= {bytes(subject) for subject in rows}
        return subjects_found

    def blocks_of(self, subject: bytes) -> list[bytes]:
        """Return the CID of every version of a subject's records, erased ones too, sorted."""
        query = sa.select(RECORDS.c.cid).where(RECORDS.c.subject == subject)
        with reading(self._engine) as connection:
            return sorted(bytes(cid) for cid in connection.scalars(query))

    def count_visible_batches(self) -> int:
        """Return the number of visible batches; it grows with each deposit."""
        ((count,),) = read_few(self._engine, _COUNT_VISIBLE)
        return int(count)

    def count_held(self) -> int:
        """Return the number of versions that have a key, in all batches."""
        return int(read_few(self._engine, _COUNT_HELD)[0][0])

    def totals(self) -> dict[str, int]:
        """Return the numbers of current records, their subjects, and all batches."""
        subjects = RECORDS.c.subject.distinct()
        query = sa.select(sa.func.count(), sa.func.count(subjects)).select_from(
            RECORDS.join(BATCHES, RECORDS.c.batch == BATCHES.c.id)
        )
        with reading(self._engine) as connection:
            records, people = connection.execute(query.where(_IS_CURRENT)).one()
            batches = connection.scalar(sa.select(sa.func.count()).select_from(BATCHES))
            return {"records": records, "subjects": people, "batches": batches or 0}


_COUNT_VISIBLE: Final = sa.select(sa.func.count()).select_from(BATCHES).where(_IS_VISIBLE)
_COUNT_HELD: Final = sa.select(sa.func.count()).select_from(RECORDS).where(HAS_KEY)
_ID_AND_NAME: Final = sa.select(BATCHES.c.id, BATCHES.c.name)
_NAME: Final = _ID_AND_NAME.where(BATCHES.c.id == sa.bindparam("batch"))
_NAMES: Final = _ID_AND_NAME.where(BATCHES.c.id.in_(sa.bindparam("batches", expanding=True)))


# Made once for each choice of filters: making a statement costs more than running it.
@lru_cache(maxsize=32)
def _entries_query(by: tuple[str, ...], is_former: bool) -> sa.Select[Any]:
    parameters: dict[str, Parameters] = {name: sa.bindparam(name, expanding=True) for name in by}
    return select_entries(_IS_FORMER if is_former else _IS_CURRENT, parameters)


@lru_cache(maxsize=128)
def _few_entries_query(shape: tuple[tuple[str, int], ...], is_former: bool) -> sa.Select[Any]:
    """Return the query by as many parameters, called name_0 and so on, as the shape says."""
    parameters: dict[str, Parameters] = {
        name: [sa.bindparam(f"{name}_{place}") for place in range(count)] for name, count in shape
    }
    return select_entries(_IS_FORMER if is_former else _IS_CURRENT, parameters)


def _filters(
    subjects: Sequence[bytes] | None,
    categories: Sequence[str] | None,
    record_ids: Sequence[bytes] | None,
) -> dict[str, list[Any]]:
    """Return the values that records are looked up by, for those filters that are used."""
    values: dict[str, list[Any]] = {}
    if subjects is not None:
        values["subjects"] = list(subjects)
    if categories is not None:
        values["categories"] = [CATEGORY_CODES.index(code) for code in categories]
    if record_ids is not None:
        values["record_ids"] = list(record_ids)
    return values
