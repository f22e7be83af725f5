"""Guess what a column means from its name and values: kind, code, unit, range, category."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from records.cells import USUAL_MISSING, NumberFormat, normalised
from records.columns import BOOLEANS, is_identifying
from records.draft import DATE, IGNORE, ColumnDraft, distinct_slugs, slug
from records.faults import CellInvalid
from records.profile import Profile, TableProfile
from records.values import BOOLEAN, CATEGORY
from records.variables import SEX, find_variable, guess_category, guess_unit, spaced

LABEL_CATEGORY: Final = "condition"
MAX_CATEGORY_LEVELS: Final = 40
TRUTHS: Final = BOOLEANS | {
    **dict.fromkeys(("y", "ja", "j", "si", "sí", "positive", "pos", "present", "t"), True),
    **dict.fromkeys(("n", "nein", "negative", "neg", "absent", "f"), False),
}
_PLACE: Final = re.compile(r"^(site|cent(er|re)|hospital|clinic|ward|institution)( id| name)?$")
_SENTINELS: Final = (7.0, 9.0, 77.0, 99.0, 777.0, 999.0, 7777.0, 9999.0, 77777.0, 99999.0)
_NEGATIVE: Final = (-1.0, -9.0, -99.0, -999.0, -9999.0)


def guess_column(column: Profile, system: str, profile: TableProfile, label: str) -> ColumnDraft:
    """Return the draft of a column; a code of the table's own is `system|name`."""
    code = f"{system}|{slug(column.name, 100)}"
    if not column.name or not column.count or len(column.distinct) == 1 < profile.rows:
        comment = "no value" if not column.count else "the same value in every row"
        return ColumnDraft(name=column.name, role=IGNORE, comment=comment)
    if column.date_format is not None:
        return ColumnDraft(name=column.name, role=DATE)
    if _PLACE.search(spaced(column.name)):
        comment = "a place: to compare by, not to learn from"
        return ColumnDraft(name=column.name, role=IGNORE, comment=comment)
    if is_identifying(column.name):
        comment = "looks like a name, an address or free text: it identifies people"
        return ColumnDraft(name=column.name, role=IGNORE, comment=comment)
    truths = _truths(column)
    category = LABEL_CATEGORY if column.name == label else ""
    if truths is not None:
        values = {} if truths == {} else truths
        chosen = category or guess_category(column.name, "survey")
        return ColumnDraft(
            name=column.name, kind=BOOLEAN, code=code, category=chosen, values=values
        )
    if column.is_number:
        return _number(column, code, category, profile)
    return _category(column, code, category)


def _truths(column: Profile) -> dict[str, str | bool] | None:
    """Return the values of a boolean, {} if they are the usual words; None if it is another."""
    levels = list(column.levels)
    if not 1 <= len(levels) <= 4:
        return None
    words = [level.lower() for level in levels]
    if all(word in BOOLEANS for word in words):
        return {}
    both = TRUTHS
    if all(word in both for word in words) and len({both[word] for word in words}) == 2:
        return {level: both[level.lower()] for level in sorted(levels)}
    return None


def _number(column: Profile, code: str, category: str, profile: TableProfile) -> ColumnDraft:
    variable = find_variable(column.name)
    low, high, missing = _without_sentinels(column, profile)
    if variable is not None and variable is not SEX:
        if low <= 0 < variable.minimum and min(column.minimum, low) == 0:
            missing = ["0", *missing]
            low = variable.minimum
        fits = variable.minimum <= low and high <= variable.maximum
        minimum, maximum = (variable.minimum, variable.maximum) if fits else _range(low, high)
        comment = "" if fits else "check the unit: values are out of the usual range"
        return ColumnDraft(
            name=column.name,
            code=variable.code,
            unit=variable.unit,
            category=category or variable.category,
            minimum=minimum,
            maximum=maximum,
            missing=missing,
            comment=comment,
        )
    minimum, maximum = _range(low, high)
    unit = guess_unit(column.name)
    return ColumnDraft(
        name=column.name,
        code=code,
        unit="{count}" if unit == "1" and _is_count(column) else unit,
        category=category or guess_category(column.name, "laboratory"),
        minimum=minimum,
        maximum=maximum,
        missing=missing,
    )


def _category(column: Profile, code: str, category: str) -> ColumnDraft:
    variable = find_variable(column.name)
    levels = sorted(column.levels)
    if not levels or len(levels) > MAX_CATEGORY_LEVELS:
        comment = f"{len(column.distinct)} different texts: it may identify people"
        return ColumnDraft(name=column.name, role=IGNORE, comment=comment)
    missing = [level for level in levels if _is_no_answer(level)]
    values = distinct_slugs([level for level in levels if level not in missing])
    if len(values) < 2:
        return ColumnDraft(name=column.name, role=IGNORE, comment="a single value")
    return ColumnDraft(
        name=column.name,
        kind=CATEGORY,
        code=SEX.code if variable is SEX else code,
        category=category
        or ("demographics" if variable is SEX else "")
        or guess_category(column.name, "survey"),
        values=values,
        missing=missing,
    )


def _is_no_answer(level: str) -> bool:
    words = spaced(level.replace("'", ""))
    return words in ("dont know", "refused", "unknown", "not available", "not recorded", "missing")


def _is_count(column: Profile) -> bool:
    return column.whole == column.numbers and column.minimum >= 0 and column.maximum <= 20


def _without_sentinels(column: Profile, profile: TableProfile) -> tuple[float, float, list[str]]:
    """Return the range of a column without numbers that mean a missing value, and these."""
    ends = (column.minimum, column.maximum)
    if ends[1] not in _SENTINELS and ends[0] not in _NEGATIVE:
        return *ends, []
    place = profile.columns.index(column)
    numbers = sorted(_numbers(profile.sample, place, profile.numbers))
    usual = [n for n in numbers if n not in _SENTINELS and n not in _NEGATIVE]
    if not usual:
        return *ends, []
    high = {n for n in numbers if n in _SENTINELS and n > 2 * max(usual[-1], 1)}
    low = {n for n in numbers if n in _NEGATIVE and usual[0] >= 0}
    missing = sorted(high | low)
    numbers = [n for n in numbers if n not in missing]
    if not missing or not numbers:
        return *ends, []
    return numbers[0], numbers[-1], [f"{number:g}" for number in missing]


def _numbers(sample: Sequence[Sequence[str]], place: int, numbers: NumberFormat) -> list[float]:
    found_numbers = []
    for row in sample:
        try:
            if normalised(row[place]) not in USUAL_MISSING:
                found_numbers.append(numbers.read(row[place].strip())[0])
        except CellInvalid:
            continue
    return found_numbers


def _range(low: float, high: float) -> tuple[float, float]:
    """Return round bounds that leave room around what occurs."""
    if not math.isfinite(low) or not math.isfinite(high):
        return 0.0, 1.0
    span = max(high - low, abs(high), 1e-9)
    step = 10.0 ** math.floor(math.log10(span))
    minimum = 0.0 if low >= 0 else math.floor((low - span / 2) / step) * step
    maximum = math.ceil((high + span / 2) / step) * step
    return minimum, round(maximum, 12)
