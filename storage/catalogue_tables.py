"""Has the tables of the catalogue, and converts their rows to entries and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any, Final

import sqlalchemy as sa

from consent import CATEGORY_CODES
from storage.entry import Entry, day_number, iso_date
from storage.tables import METADATA

BATCHES = sa.Table(
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
RECORDS = sa.Table(
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
    # NULL: this version was erased, or replaced; `former` has its key if it is kept.
    sa.Column("wrapped", sa.LargeBinary(), nullable=True),
    sa.Column("former", sa.LargeBinary(), nullable=True),
    sa.Column("keeps_former", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("record_id", "version"),
)
_HAS_FORMER: Final = RECORDS.c.former.is_not(None)
sa.Index(  # few versions are kept, if any
    "ix_storage_records_former",
    RECORDS.c.record_id,
    sqlite_where=_HAS_FORMER,
    postgresql_where=_HAS_FORMER,
)
WRITTEN: Final = (
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
    "former",
    "keeps_former",
)
ENTRY_COLUMNS: Final = [RECORDS.c[name] for name in (*WRITTEN, "seq")]
by_seq: Final = itemgetter(len(WRITTEN))
FILTERS: Final = {
    "categories": RECORDS.c.category,
    "custodians": RECORDS.c.custodian,
    "record_ids": RECORDS.c.record_id,
    "subjects": RECORDS.c.subject,
}
"""The columns by which records are looked up, by the name of the parameter."""
Parameters = Sequence[sa.BindParameter[Any]] | sa.BindParameter[Any]


def select_entries(
    condition: sa.ColumnElement[bool], by: Mapping[str, Parameters]
) -> sa.Select[Any]:
    """Return the query of records for `to_entries`, in catalogue order.

    Args:
        condition: what all of them meet.
        by: the parameters of the values to look up, by a name in `FILTERS`.
    """
    query = sa.select(*ENTRY_COLUMNS).join(BATCHES, RECORDS.c.batch == BATCHES.c.id)
    filters = (FILTERS[name].in_(parameters) for name, parameters in by.items())
    return query.where(condition, *filters).order_by(RECORDS.c.seq)


def to_entries(rows: Sequence[Any]) -> list[Entry]:
    """Return rows of `ENTRY_COLUMNS` as entries; by column, since there may be a million."""
    if not rows:
        return []
    ids, versions, subjects, categories, custodians, days, *rest, _ = zip(*rows, strict=True)
    dates = {day: iso_date(day) for day in set(days)}
    codes = map(CATEGORY_CODES.__getitem__, categories)
    recorded_on = map(dates.__getitem__, days)
    return list(map(Entry, ids, versions, subjects, codes, custodians, recorded_on, *rest))


def to_row(entry: Entry, batch: int) -> tuple[Any, ...]:
    """Return an entry in the order of WRITTEN, which is that of its fields."""
    category, day = CATEGORY_CODES.index(entry.category), day_number(entry.recorded_on)
    return tuple(entry._replace(category=category, recorded_on=day, batch=batch))  # type: ignore[arg-type]
