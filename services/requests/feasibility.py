"""Counts that may be shown: frozen for a week, or unchanged while fewer than 11 people move."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from models import MIN_COUNT
from services.dates import day_of
from services.tables import METADATA

WEEK_DAYS: Final = 7
STABLE: Final = "steady"
_ABOUT_THE_SAME: Final = (
    ("yes", "permitted", "everybody", "copies", "pseudonymised copies"),
    ("to ask", "asked"),
)
"""Numbers of a study that are about nearly the same people."""

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

    def of_study(self, study: str, name: str, count: int) -> int:
        """Return the number of a study to show, as `stable` does.

        Numbers of it that are about nearly the same people are equal or differ in 11 or more: each
        is first shown when somebody opens its page, and one person may have moved between two.
        """
        names = next((names for names in _ABOUT_THE_SAME if name in names), ())
        return self.stable(f"{study} {name}", count, [f"{study} {each}" for each in names])

    def stable(self, name: str, count: int, others: Sequence[str] = ()) -> int:
        """Return the number to show for a live count: the last shown, while few people moved.

        Each `name` of what is counted has its own number. If it moves, it is that of one of the
        `others` where that is near.
        """
        key, *keys = (hashlib.sha256(each.encode()).hexdigest() for each in (name, *others))
        try:
            return self._stable(key, count, keys)
        except sa.exc.IntegrityError:  # another caller was first: their number is known now
            return self._stable(key, count, keys)

    def leavers(self, name: str, count: int, others: Sequence[str] = ()) -> int:
        """Return the number to show of people who left, or were asked; it is never untrue.

        0 means nobody; 1 to 10 means fewer than 11, and must be hidden as such; from 11 on it is a
        number that moves only while 11 people or more move. `others` are those of `stable`.
        """
        steps = self.stable(name, count, others)
        return count if count < MIN_COUNT else max(steps, MIN_COUNT)

    def _stable(self, key: str, count: int, others: Sequence[str]) -> int:
        is_ours = sa.and_(_FEASIBILITY.c.question == key, _FEASIBILITY.c.week == STABLE)
        is_known = sa.and_(
            _FEASIBILITY.c.question.in_([key, *others]), _FEASIBILITY.c.week == STABLE
        )
        columns = _FEASIBILITY.c.question, _FEASIBILITY.c.people
        with self._engine.begin() as connection:
            numbers = {
                row.question: int(row.people)
                for row in connection.execute(sa.select(*columns).where(is_known))
            }
            near = {
                name: people for name, people in numbers.items() if abs(count - people) < MIN_COUNT
            }
            if key in near:
                return near[key]
            people = min(near.values(), key=lambda each: abs(count - each), default=count)
            if key not in numbers:
                row = {"question": key, "week": STABLE, "people": people}
                connection.execute(sa.insert(_FEASIBILITY), row)
            else:
                connection.execute(sa.update(_FEASIBILITY).where(is_ours).values(people=people))
        return people
