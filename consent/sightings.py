"""Remembers withdrawals and stops that were seen before they were final; once seen, they count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from consent.abi import Change
from consent.tables import METADATA
from consent.terms import Stop, Withdrawal
from consent.typed_data import Op

_WORD: Final = 32
_COUNTED: Final = (Op.WITHDRAWN, Op.STOPPED)

_SIGHTINGS = sa.Table(
    "consent_sightings",
    METADATA,
    sa.Column("op", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary(64), primary_key=True),
)


def taken_back(entries: Sequence[tuple[int, bytes]]) -> tuple[list[Withdrawal], list[Stop]]:
    """Return what (operation, body) pairs take back; a body is two words, as in the head."""
    withdrawals, stops = [], []
    for op, body in entries:
        subject, value = body[:_WORD], body[_WORD:]
        if op == Op.WITHDRAWN:
            withdrawals.append(Withdrawal(subject, value))
        else:
            stops.append(Stop(subject, int.from_bytes(value, "big")))
    return withdrawals, stops


class Sightings:
    """The rows; they stay in force whatever a reorganisation says, until they are final."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[tuple[int, bytes]]:
        """Return what was seen and is not final, as (operation, body)."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(_SIGHTINGS.c.op, _SIGHTINGS.c.body))
            return [(row.op, row.body) for row in found]

    def add(self, changes: Sequence[Change], known: Sequence[tuple[int, bytes]]) -> None:
        """Keep those of these changes that take something back, durably."""
        seen = {(int(c.op), c.body) for c in changes if c.op in _COUNTED} - set(known)
        for op, body in sorted(seen):
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(_SIGHTINGS).values(op=op, body=body))
            except sa.exc.IntegrityError:
                continue  # another process saw it too

    def confirm(self, changes: Sequence[Change]) -> None:
        """Forget what has become final: the mirror's events say it now."""
        final = {(int(c.op), c.body) for c in changes if c.op in _COUNTED}
        if not final or not (gone := final & set(self.all())):
            return
        with self._engine.begin() as connection:
            for op, body in gone:
                same = sa.and_(_SIGHTINGS.c.op == op, _SIGHTINGS.c.body == body)
                connection.execute(sa.delete(_SIGHTINGS).where(same))
