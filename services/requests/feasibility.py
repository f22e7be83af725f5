"""Keeps how many people may fit a question: counted once a week, the same number for everyone."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from models import MIN_COUNT
from services.tables import METADATA

WEEK_DAYS: Final = 7
STEADY: Final = "steady"

_FEASIBILITY: Final = sa.Table(
    "web_feasibility",
    METADATA,
    sa.Column("question", sa.String(64), primary_key=True),
    sa.Column("week", sa.String(10), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Feasible:
    """How many people may fit, counted on `day` (ISO) and counted anew on `next_day`."""

    count: int
    day: str
    next_day: str


class Feasibility:
    """The frozen counts; a change of fewer than 11 people waits, so that no difference tells."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def of(self, question: str, count: Callable[[], int]) -> Feasible:
        """Return this week's number; whoever asks first has it counted."""
        today = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).date()
        monday = today - datetime.timedelta(days=today.weekday())
        week = monday.isoformat()
        following = (monday + datetime.timedelta(days=WEEK_DAYS)).isoformat()
        mine = sa.select(_FEASIBILITY.c.week, _FEASIBILITY.c.people).where(
            _FEASIBILITY.c.question == question
        )
        with self._engine.connect() as connection:
            newest = connection.execute(mine.order_by(_FEASIBILITY.c.week.desc())).first()
        if newest is not None and newest.week == week:
            return Feasible(newest.people, week, following)
        found = count()
        if newest is not None and abs(found - newest.people) < MIN_COUNT:
            found = newest.people
        row = {"question": question, "week": week, "people": found}
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_FEASIBILITY), row)
        except sa.exc.IntegrityError:  # another was first: theirs is the number
            return self.of(question, count)
        return Feasible(found, week, following)

    def steady(self, name: str, count: int) -> int:
        """Return a live count as it may be told: a change of fewer than 11 people waits.

        So two looks at a page, however close, never tell what one person did.
        """
        key = hashlib.sha256(name.encode()).hexdigest()
        try:
            return self._steady(key, count)
        except sa.exc.IntegrityError:  # another looked first: what they were told is known now
            return self._steady(key, count)

    def _steady(self, key: str, count: int) -> int:
        mine = sa.and_(_FEASIBILITY.c.question == key, _FEASIBILITY.c.week == STEADY)
        with self._engine.begin() as connection:
            asked = sa.select(_FEASIBILITY.c.people).where(mine)
            known = connection.scalar(asked)
            if known is not None and abs(count - known) < MIN_COUNT:
                return int(known)
            if known is None:
                row = {"question": key, "week": STEADY, "people": count}
                connection.execute(sa.insert(_FEASIBILITY), row)
            else:
                connection.execute(sa.update(_FEASIBILITY).where(mine).values(people=count))
        return count
