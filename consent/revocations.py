"""Keeps revocations (withdrawals and stops) that were seen before their block was final."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from consent.abi import Change
from consent.short_reads import read_rows
from consent.tables import METADATA
from consent.terms import Stop, Withdrawal
from consent.typed_data import Op

_WORD: Final = 32
_REVOCATIONS: Final = (Op.WITHDRAWN, Op.STOPPED)

_SIGHTINGS = sa.Table(
    "consent_sightings",
    METADATA,
    sa.Column("op", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary(64), primary_key=True),
)

_ALL: Final = sa.select(_SIGHTINGS.c.op, _SIGHTINGS.c.body)


@dataclass(frozen=True, slots=True)
class PendingEntries:
    """What counts although no chain has confirmed it, as the outbox holds it.

    Attributes:
        withdrawals, stops: one entry of 64 bytes each: see `consent.outbox.Intent`.
        refusals: the joined entries of 128 bytes each.
    """

    withdrawals: list[bytes]
    stops: list[bytes]
    refusals: bytes


def parse_revocations(entries: Sequence[tuple[int, bytes]]) -> tuple[list[Withdrawal], list[Stop]]:
    """Return the withdrawals and stops of (operation, body) pairs; a body is two words."""
    withdrawals, stops = [], []
    for op, body in entries:
        subject, value = body[:_WORD], body[_WORD:]
        if op == Op.WITHDRAWN:
            withdrawals.append(Withdrawal(subject, value))
        else:
            stops.append(Stop(subject, int.from_bytes(value, "big")))
    return withdrawals, stops


class PendingRevocations:
    """Revocations in blocks that are not final yet; a reorganisation does not remove them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def all(self) -> list[tuple[int, bytes]]:
        """Return what was seen and is not final, as (operation, body)."""
        return [(row.op, row.body) for row in read_rows(self._engine, _ALL)]

    def add(self, changes: Sequence[Change], known: Sequence[tuple[int, bytes]]) -> None:
        """Store the revocations among these changes durably, without those already known."""
        for op, body in sorted(_revocations(changes) - set(known)):
            try:
                with self._engine.begin() as connection:
                    connection.execute(sa.insert(_SIGHTINGS).values(op=op, body=body))
            except sa.exc.IntegrityError:
                continue  # another process stored it first

    def remove_final(self, changes: Sequence[Change]) -> None:
        """Delete what these final changes contain: the mirror's events hold it now."""
        final = _revocations(changes)
        if not final or not (stored := final & set(self.all())):
            return
        same = sa.and_(
            _SIGHTINGS.c.op == sa.bindparam("final_op"),
            _SIGHTINGS.c.body == sa.bindparam("final_body"),
        )
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(_SIGHTINGS).where(same),
                [{"final_op": op, "final_body": body} for op, body in stored],
            )


def _revocations(changes: Sequence[Change]) -> set[tuple[int, bytes]]:
    return {(int(change.op), change.body) for change in changes if change.op in _REVOCATIONS}
