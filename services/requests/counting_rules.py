"""Stores whether the custodian lets researchers have people counted before anybody is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.errors import Conflict
from services.tables import METADATA

_ID: Final = 1
_RULES: Final = sa.Table(
    "web_counting",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("is_allowed", sa.Boolean, nullable=False),
    sa.Column("decided_by", sa.String(64), nullable=False),
    sa.Column("decided_at_s", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingRule:
    """The custodian's newest decision; nobody has decided while `decided_at_s` is 0."""

    is_allowed: bool = False
    decided_by: str = ""
    decided_at_s: int = 0


class CountingOff(Conflict):
    """The custodian does not let researchers have people counted."""


class CountingRules:
    """The row of the decision; without one, nobody is counted."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def get(self) -> CountingRule:
        """Return the decision in force."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_RULES)).first()
        if row is None:
            return CountingRule()
        return CountingRule(
            is_allowed=row.is_allowed, decided_by=row.decided_by, decided_at_s=row.decided_at_s
        )

    def set(self, *, is_allowed: bool, by: str) -> None:
        """Store a decision; the same again changes nothing."""
        if self.get().is_allowed == is_allowed:
            return
        row = {"is_allowed": is_allowed, "decided_by": by, "decided_at_s": int(self._clock())}
        with self._engine.begin() as connection:
            if connection.execute(sa.update(_RULES).values(row)).rowcount == 0:
                connection.execute(sa.insert(_RULES).values(id=_ID, **row))

    def require(self) -> None:
        """Raise CountingOff unless counting is allowed."""
        if not self.get().is_allowed:
            raise CountingOff(
                "Counting people before they are asked is turned off here. "
                "Ask the custodian to turn it on under Studies."
            )
