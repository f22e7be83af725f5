"""Flag what is notable about a column of a table: what to look at before its draft is used."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from records.cells import SPREADSHEET_ERRORS
from records.columns import is_identifying
from records.dates import has_two_digit_year
from records.draft import DATE, ID, IGNORE, VALUE, ColumnDraft
from records.guesses import (
    IDENTIFIES,
    UNREAD_DATES,
    UNUSUAL,
    has_unread_dates,
    is_operator_column,
    is_plus_minus,
)
from records.profile import Profile
from records.variables import spaced

TWIN: Final = "more than one column has this name: rename them to map them"
_FUTURE: Final = re.compile(
    r"fu ?time|follow ?up|^death|^died|discharge|outcome|surviv|length of stay|^los$"
    r"|days to|time to"
)
"""Names of what is known only later than a prediction."""


class Flag(StrEnum):
    """What is notable about a column."""

    IDENTIFIER = "identifier"
    CONSTANT = "constant"
    EMPTY = "empty"
    ROW_NUMBERS = "row-numbers"
    LEAK = "leak"
    SUSPECT = "suspect"
    MISSING = "missingness-predicts"
    FREE_TEXT = "free-text"
    BOUNDS = "bounds"
    OPERATORS = "operators"
    FUTURE = "future"
    AMBIGUOUS_DATE = "ambiguous-date"
    UNREAD_DATE = "unread-date"
    TWO_DIGIT_YEAR = "two-digit-year"
    MIXED = "not-all-numbers"
    NOT_DATES = "not-all-dates"
    THOUSANDS = "ambiguous-number"
    SAME_NAME = "same-name"
    ERRORS = "spreadsheet-errors"
    UNIT = "unit"


def is_future_name(name: str) -> bool:
    """Return whether a name says that the value is known only later than a prediction."""
    return _FUTURE.search(spaced(name)) is not None


def flag_column(column: Profile, draft: ColumnDraft, *, is_label: bool) -> list[Flag]:
    """Return what is notable about a column and its draft, apart from how well it predicts.

    A label is always known later, so this is not flagged.
    """
    is_value, is_day = draft.role == VALUE, draft.role == DATE
    is_open = not column.is_number and not column.is_open and column.date_format is None
    is_id = bool(column.name) and draft.role == ID
    is_counter = column.is_counter and column.numbers == column.count > 20
    is_unread = draft.role == IGNORE and has_unread_dates(column)
    flags = {
        Flag.AMBIGUOUS_DATE: is_day and column.is_ambiguous_date,
        Flag.TWO_DIGIT_YEAR: is_day and has_two_digit_year(column.date_format or ""),
        Flag.UNREAD_DATE: draft.comment == UNREAD_DATES or is_unread,
        Flag.MIXED: is_value and column.is_mixed,
        Flag.THOUSANDS: is_value and column.is_ambiguous_number,
        Flag.NOT_DATES: is_day and column.date_format is not None and column.dates.others > 0,
        Flag.SAME_NAME: draft.comment == TWIN,
        Flag.ERRORS: not SPREADSHEET_ERRORS.isdisjoint(column.missing),
        Flag.EMPTY: not column.count,
        Flag.CONSTANT: len(column.distinct) == 1 < column.count and not is_plus_minus(column),
        Flag.IDENTIFIER: is_identifying(column.name) or is_id or draft.comment.endswith(IDENTIFIES),
        Flag.ROW_NUMBERS: is_counter,
        Flag.FREE_TEXT: is_open,
        Flag.BOUNDS: column.bounds > 0,
        Flag.OPERATORS: is_operator_column(column),
        Flag.FUTURE: is_value and not is_label and is_future_name(column.name),
        Flag.UNIT: is_value and UNUSUAL in draft.comment,
    }
    return [flag for flag, is_set in flags.items() if is_set]
