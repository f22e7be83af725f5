"""Finds records whose newest version has no key, though no erasure or move explains it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from consent import Finding
from storage.catalogue import VISIBLE
from storage.catalogue_tables import BATCHES, RECORDS
from storage.database import reading
from storage.findings import StoreFinding
from storage.journal import MOVED_AWAY, Journal
from storage.keys import Keys

_NEWEST: Final = (
    sa.select(RECORDS.c.record_id, sa.func.max(RECORDS.c.version).label("version"))
    .join(BATCHES, BATCHES.c.id == RECORDS.c.batch)
    .where(BATCHES.c.state.in_(VISIBLE))
    .group_by(RECORDS.c.record_id)
    .subquery()
)
_OLDER: Final = RECORDS.alias("older")
_WITHOUT_KEY: Final = (
    sa.select(
        RECORDS.c.record_id,
        RECORDS.c.version,
        RECORDS.c.subject,
        sa.exists()
        .where(_OLDER.c.record_id == RECORDS.c.record_id, _OLDER.c.wrapped.is_not(None))
        .label("is_rolled_back"),
    )
    .join(
        _NEWEST,
        (_NEWEST.c.record_id == RECORDS.c.record_id) & (_NEWEST.c.version == RECORDS.c.version),
    )
    .where(RECORDS.c.wrapped.is_(None))
    .order_by(RECORDS.c.seq)
)


def check_newest_versions(engine: sa.Engine, keys: Keys, journal: Journal) -> Iterator[Finding]:
    """Yield a finding for each record whose newest version has no key without an explanation.

    An erasure of the patient explains it; the keys note which patients are erased. So does a move
    of the record to another patient; each move in the journal explains one record of its patient.
    Nothing explains an older version that has a key while the newest one has none.
    """
    with reading(engine) as connection:
        rows = connection.execute(_WITHOUT_KEY).all()
    erased = keys.find_erased({row.subject for row in rows})
    moves = Counter[bytes]()
    if any(row.subject not in erased for row in rows):
        moves.update(
            row.answer.subject for row in journal.rows() if row.answer.outcome == MOVED_AWAY
        )
    for row in rows:
        if not row.is_rolled_back:
            if row.subject in erased:
                continue
            moves[row.subject] -= 1
            if moves[row.subject] >= 0:
                continue
        code = StoreFinding.OLDER_CURRENT if row.is_rolled_back else StoreFinding.RECORD_KEY_GONE
        where = f"record {row.record_id.hex()} version {row.version}"
        yield Finding(part="catalogue", code=code, where=where)
