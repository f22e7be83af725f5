"""Counts that may be shown: frozen for a week, or unchanged while fewer than 11 people move."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from models import MIN_COUNT
from services.dates import day_of
from services.tables import METADATA

WEEK_DAYS: Final = 7
STABLE: Final = "steady"

_FEASIBILITY: Final = sa.Table(
    "web_feasibility",
    METADATA,
    sa.Column("question", sa.String(64), primary_key=True),
    sa.Column("week", sa.String(10), primary_key=True),
    sa.Column("people", sa.Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class FeasibilityCount:
    """How many people may fit a question, counted on `day` (ISO) and next on `next_day`."""

    count: int
    day: str
    next_day: str


class FeasibilityCounts:
    """The rows of counts; no difference between two of them reveals what one person did."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def weekly(self, question: str, count: Callable[[], int]) -> FeasibilityCount:
        """Return this week's number, the same for everyone; the first call of a week counts.

        A change of fewer than 11 people since the last week does not show.
        """
        today = day_of(self._clock())
        monday = today - datetime.timedelta(days=today.weekday())
        week = monday.isoformat()
        next_week = (monday + datetime.timedelta(days=WEEK_DAYS)).isoformat()
        query = sa.select(_FEASIBILITY.c.week, _FEASIBILITY.c.people).where(
            _FEASIBILITY.c.question == question
        )
        with self._engine.connect() as connection:
            newest = connection.execute(query.order_by(_FEASIBILITY.c.week.desc())).first()
        if newest is not None and newest.week == week:
            return FeasibilityCount(newest.people, week, next_week)
        people = count()
        if newest is not None and abs(people - newest.people) < MIN_COUNT:
            people = newest.people
        row = {"question": question, "week": week, "people": people}
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(_FEASIBILITY), row)
        except sa.exc.IntegrityError:  # another caller was first: theirs is the number
            return self.weekly(question, count)
        return FeasibilityCount(people, week, next_week)

    def stable(self, name: str, count: int) -> int:
        """Return the number to show for a live count: the last shown, while few people moved.

        Each `name` of what is counted has its own number.
        """
        key = hashlib.sha256(name.encode()).hexdigest()
        try:
            return self._stable(key, count)
        except sa.exc.IntegrityError:  # another caller was first: their number is known now
            return self._stable(key, count)

    def leavers(self, name: str, count: int) -> int:
        """Return the number to show of people who left, or were asked; it is never untrue.

        0 means nobody; 1 to 10 means fewer than 11, and must be hidden as such; from 11 on it is a
        number that moves only while 11 people or more move.
        """
        steps = self.stable(name, count)
        return count if count < MIN_COUNT else max(steps, MIN_COUNT)

    def _stable(self, key: str, count: int) -> int:
        is_ours = sa.and_(_FEASIBILITY.c.question == key, _FEASIBILITY.c.week == STABLE)
        with self._engine.begin() as connection:
            last_count = connection.scalar(sa.select(_FEASIBILITY.c.people).where(is_ours))
            if last_count is not None and abs(count - last_count) < MIN_COUNT:
                return int(last_count)
            if last_count is None:
                row = {"question": key, "week": STABLE, "people": count}
                connection.execute(sa.insert(_FEASIBILITY), row)
            else:
                connection.execute(sa.update(_FEASIBILITY).where(is_ours).values(people=count))
        return count
