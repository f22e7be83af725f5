"""Notice the columns of further visits in a table that has one row a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from records.date_forms import has_day
from records.draft import IGNORE, VALUE, ColumnDraft

COMMENT: Final = "of the day in {date}: bring each visit into a row of its own"
DAY: Final = "a day is in its name: put each day into its own row"
_BETWEEN: Final = re.compile(r"[ _.-]+")


def without_days(drafts: Sequence[ColumnDraft]) -> list[ColumnDraft]:
    """Return drafts in which columns that are named after a day are ignored.

    `crp 2024-05-31` would be filed under the day of the row, or under that of the deposit.
    """
    return [
        replace(each, role=IGNORE, comment=DAY)
        if each.role == VALUE and has_day(each.name)
        else each
        for each in drafts
    ]


def without_other_visits(
    drafts: Sequence[ColumnDraft], chosen: str, dates: Sequence[str]
) -> list[ColumnDraft]:
    """Return drafts in which the columns of other visits than the chosen date's are ignored.

    A table with `date_v1`, `crp_v1`, `date_v2` and `crp_v2` would file the second value under the
    first day.

    Args:
        drafts: of every column.
        chosen: the column of dates that is the day of each row.
        dates: every column of dates.
    """
    result = list(drafts)
    for date in dates:
        place, tag = _difference(chosen, date)
        if not tag:
            continue
        for index, each in enumerate(result):
            words = _words(each.name)
            if each.role == VALUE and len(words) > 1 and words[place] == tag:
                comment = COMMENT.format(date=date)
                result[index] = replace(each, role=IGNORE, comment=comment)
    return result


def _difference(chosen: str, other: str) -> tuple[int, str]:
    """Return where the names of two dates differ in one word, -1 or 0, and that of the other."""
    first, second = _words(chosen), _words(other)
    if len(first) == len(second) > 1 and first != second:
        if first[:-1] == second[:-1]:
            return -1, second[-1]
        if first[1:] == second[1:]:
            return 0, second[0]
    return 0, ""


def _words(name: str) -> list[str]:
    return [word for word in _BETWEEN.split(name.casefold()) if word]
