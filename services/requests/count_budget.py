"""Limits how many different counts an organisation can read in a quarter of a year."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from services.dates import next_quarter, quarter_of
from services.errors import Conflict
from services.tables import METADATA

MAX_COUNTS: Final = 100

_COUNTS: Final = sa.Table(
    "web_counts",
    METADATA,
    sa.Column("owner", sa.String(128), primary_key=True),
    sa.Column("quarter", sa.String(7), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.UniqueConstraint("owner", "quarter", "name", name="uq_web_counts_name"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemainingCounts:
    """How many counts of this quarter remain, of how many, and when the next quarter begins.

    Attributes:
        renews_on: ISO date.
    """

    left: int
    of: int
    renews_on: str


class CountsUsedUp(Conflict):
    """The organisation has read as many counts as it may in this quarter."""


class CountBudget:
    """The rows of counts; the same count again is free.

    All counts of a quarter together reveal as much of one person as one number would whose noise
    has a standard deviation of one person (`models.count_noise`).
    """

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def remaining(self, owner: str) -> RemainingCounts:
        """Return what remains to an organisation and all its studies together."""
        with self._engine.connect() as connection:
            used = self._used(connection, owner)
        renews_on = next_quarter(self._clock()).isoformat()
        return RemainingCounts(left=MAX_COUNTS - used, of=MAX_COUNTS, renews_on=renews_on)

    def require(self, owner: str) -> None:
        """Raise CountsUsedUp if an organisation has no count left."""
        remaining = self.remaining(owner)
        if remaining.left <= 0:
            raise CountsUsedUp(
                f"Your organisation has used its {MAX_COUNTS} counts of this quarter. "
                f"The next can be taken from {remaining.renews_on} on (UTC)."
            )

    def spend(self, owner: str, name: str) -> None:
        """Take one count for a name, unless it was taken in this quarter.

        `owner` is an organisation, for itself and its studies; `name` has 32 bytes, as hex.

        Raises:
            CountsUsedUp: none is left.
        """
        while True:
            try:
                return self._spend(owner, name)
            except sa.exc.IntegrityError:  # another count took the number: the next one is free
                continue

    def _spend(self, owner: str, name: str) -> None:
        quarter = quarter_of(self._clock())
        row = {"owner": owner, "quarter": quarter, "name": name}
        known = sa.select(_COUNTS.c.number).filter_by(**row)
        with self._engine.begin() as connection:
            if connection.scalar(known) is not None:
                return
            used = self._used(connection, owner)
            if used < MAX_COUNTS:
                connection.execute(sa.insert(_COUNTS), {**row, "number": used + 1})
                return
        self.require(owner)

    def _used(self, connection: sa.Connection, owner: str) -> int:
        mine = (_COUNTS.c.owner == owner) & (_COUNTS.c.quarter == quarter_of(self._clock()))
        return connection.scalar(sa.select(sa.func.max(_COUNTS.c.number)).where(mine)) or 0
