"""Guess what a column means from its name and values: kind, code, unit, range, category."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from records.columns import BOOLEANS, is_identifying
from records.date_forms import is_date_name
from records.draft import DATE, IGNORE, ColumnDraft, distinct_slugs, slug
from records.identifiers import MAX_UNIQUE_NUMBERS, MAX_UNIQUE_SHARE, MIN_NUMBER, MIN_ROWS
from records.named_units import guess_unit, unit_in_name
from records.profile import Profile
from records.units import find_conversion
from records.values import BOOLEAN, CATEGORY, is_unit
from records.variables import (
    SEX,
    Variable,
    find_variable,
    guess_category,
    loinc_code,
    spaced,
)

LABEL_CATEGORY: Final = "condition"
MAX_CATEGORY_LEVELS: Final = 40
TRUTHS: Final = BOOLEANS | {
    **dict.fromkeys(("y", "ja", "j", "si", "sí", "oui", "sim", "tak", "t"), True),
    **dict.fromkeys(("n", "nein", "nee", "nej", "non", "não", "nie", "f"), False),
    # How spreadsheets in German, French, Spanish and Italian write true and false.
    **dict.fromkeys(("wahr", "vrai", "verdadero", "vero"), True),
    **dict.fromkeys(("falsch", "faux", "falso"), False),
    **dict.fromkeys(("positive", "pos", "positiv", "positivo", "present"), True),
    **dict.fromkeys(("negative", "neg", "negativ", "negativo", "absent"), False),
}
_MAY_BE_ROUNDED: Final = 0.05
"""Lower results, such as those of CRP or troponin, are 0.0 in a table of one decimal."""
_OTHER_UNITS: Final = ("g/L", "mg/L", "mg/dL", "ug/L", "ng/L", "Cel", "[degF]", "m", "cm")
_NEARLY_ALL: Final = 0.98
_PLACE: Final = re.compile(r"^(site|cent(er|re)|hospital|clinic|ward|institution)( id| name)?$")
IDENTIFIES: Final = "it may identify people"
UNUSUAL: Final = "out of the usual range"
UNREAD_DATES: Final = "dates in a form that cannot be read, or in several; write them as 2024-05-31"
_BIRTH: Final = re.compile(
    r"birth|\bb ?day\b|\bdob|dob$|brthd|geburt|\bgeb(or|oorte?)|\bgeb ?(dat|jahr|am\b)|\bgeb$"
    r"|naiss|\bddn\b|nacimiento|fecha nac|\bf ?nac\b|nascita|\b(data )?nasc|urodz|fodelse|\bnaroz"
)
_MAX_BIRTH_ORDER: Final = 31
_BIRTH_YEARS: Final = (1850, 2100)
_MIN_DAY_NUMBER: Final = 10_000
OPERATORS: Final = "operators: write each before its number, as <0.5"
_DEGREES: Final = frozenset({"+", "++", "+++", "++++", "(+)", "+/-", "+-", "±"})
"""How strongly a test was positive; beside them - means that it was negative."""
_OPERATORS: Final = frozenset({"<", ">", "<=", ">=", "\u2264", "\u2265", "=", "==", "~"})
_OPERATOR_LETTERS: Final = frozenset({"E", "L", "G", "LE", "GE", "NE"})
"""How i2b2 writes operators; L without the others may also mean low."""
_OMOP_OPERATORS: Final = frozenset({"4171756", "4172704", "4171754", "4171755", "4172703"})
_MOMENT_NAME: Final = re.compile(r"\b(date|datum|fecha|timestamp|datetime|zeitpunkt|time)\b")
MIN_MOMENT: Final = 10_000_000
EXCEL_DAYS: Final = (10_000, 80_000)
MAX_SEXES: Final = 4
_SENTINELS: Final = (7.0, 9.0, 77.0, 99.0, 777.0, 999.0, 7777.0, 9999.0, 77777.0, 99999.0)
_NEGATIVE: Final = (-1.0, -9.0, -99.0, -999.0, -9999.0)


def guess_column(
    column: Profile, system: str, rows: int, label: str, numbers: Sequence[float]
) -> ColumnDraft:
    """Return the draft of a column.

    Args:
        column: what its cells look like.
        system: a code of the table's own is `system|name`.
        rows: of the table.
        label: the column that a question is to predict, or "".
        numbers: of a part of its cells.
    """
    code = own_code(system, column.name)
    if is_operator_column(column):
        return ColumnDraft(name=column.name, role=IGNORE, comment=OPERATORS)
    comment = _why_ignored(column, rows)
    if comment and not is_plus_minus(column):
        return ColumnDraft(name=column.name, role=IGNORE, comment=comment)
    if column.date_format is not None:
        others = column.dates.others
        comment = f"correct the cells that are not dates in this format: {others} of {column.count}"
        return ColumnDraft(name=column.name, role=DATE, comment=comment if others else "")
    if _is_day_number(column):
        return ColumnDraft(name=column.name, role=DATE)
    is_sex = find_variable(column.name) is SEX and 2 <= len(column.levels) <= MAX_SEXES
    truths = None if is_sex else _truths(column)
    category = LABEL_CATEGORY if column.name == label else ""
    if truths is not None:
        chosen = category or guess_category(column.name, "survey")
        return ColumnDraft(
            name=column.name, kind=BOOLEAN, code=code, category=chosen, values=truths
        )
    if (column.is_number or column.is_mixed) and not is_sex:
        return _number(column, code, category, sorted(numbers))
    return _category(column, code, category)


def own_code(system: str, name: str) -> str:
    """Return the code of a column: LOINC's if its name is a LOINC code, else the table's own."""
    return loinc_code(name) or f"{system}|{slug(name, 100)}"


def _why_empty(column: Profile, rows: int) -> str:
    """Return why a column without a name, or with one value or none, is left out."""
    if len(column.distinct) > 1:
        return "it has no name: to map it, give it one in the file"
    if column.count in (0, rows):
        return "the same value in every row" if column.count else "no value"
    return "one value, and empty cells: to map it, write into these what empty means"


def _why_ignored(column: Profile, rows: int) -> str:
    """Return why a column is left out, "" if it is not."""
    words = spaced(column.name)
    is_constant = len(column.distinct) == 1 < rows and column.date_format is None
    # An unreadable day is not called constant: the day of the deposit would replace it.
    has_digits = any(map(str.isdigit, "".join(column.shapes)))
    is_constant = is_constant and not (has_digits and has_unread_dates(column))
    if not column.name or not column.count or is_constant:
        return _why_empty(column, rows)
    if _BIRTH.search(words) and not _is_measured_at_birth(column):
        return "a date of birth: it identifies people, and is not the day of a record"
    if column.date_format is None and _PLACE.search(words):
        return "a place: map it as a category to test by it (split_by), with predicts = false"
    if column.date_format is None and is_identifying(column.name):
        return "looks like a name, an address or free text: it identifies people"
    if has_unread_dates(column):
        return UNREAD_DATES
    if _is_refused(column, rows):
        return f"{len(column.distinct)} different values in {rows} rows: {IDENTIFIES}"
    return ""


def _is_measured_at_birth(column: Profile) -> bool:
    """Return whether a column holds numbers such as weights: neither days, months nor years."""
    if not column.is_number or column.date_format is not None:
        return False
    is_whole = column.whole == column.numbers
    first, last = _BIRTH_YEARS
    is_part_of_day = column.maximum <= _MAX_BIRTH_ORDER or column.minimum >= first
    is_part_of_day = is_part_of_day and column.maximum <= last
    return column.maximum < _MIN_DAY_NUMBER and not (is_whole and is_part_of_day)


def _is_refused(column: Profile, rows: int) -> bool:
    """Return whether a check would refuse a column that identifies people: `IdentifierWatch`."""
    is_other = is_date_name(column.name) or spaced(column.name) in ("day", "days")
    if is_other or column.date_format is not None or len(column.distinct) < MIN_ROWS:
        return False
    if not column.numbers and not column.measured and not column.bounds:
        return len(column.distinct) > MAX_UNIQUE_SHARE * rows
    is_whole = column.numbers == column.whole == column.count and column.minimum >= MIN_NUMBER
    is_unit_less = find_variable(column.name) is None and _stated_unit(column) == "1"
    return is_whole and is_unit_less and len(column.distinct) > MAX_UNIQUE_NUMBERS * rows


def has_unread_dates(column: Profile) -> bool:
    """Return whether a column is named as dates are, and its cells are read as none."""
    if not column.count or column.date_format is not None:
        return False
    if column.dates.is_of_days:
        return True
    is_whole = column.is_number and column.whole == column.numbers
    is_day = is_whole and column.minimum >= EXCEL_DAYS[0] and not _is_day_number(column)
    return (is_date_name(column.name) and (not column.is_number or is_day)) or _is_moment_number(
        column
    )


def _is_moment_number(column: Profile) -> bool:
    """Return whether a column holds large numbers for moments, such as seconds since 1970."""
    is_named = _MOMENT_NAME.search(spaced(column.name)) is not None
    is_large = column.is_number and column.minimum >= MIN_MOMENT
    return is_named and is_large and column.date_format is None


def _is_day_number(column: Profile) -> bool:
    """Return whether a column holds the numbers that spreadsheets give to days since 1927."""
    is_range = EXCEL_DAYS[0] <= column.minimum and column.maximum <= EXCEL_DAYS[1]
    return is_date_name(column.name) and column.is_number and is_range


def is_operator_column(column: Profile) -> bool:
    """Return whether a column says which numbers beside it are bounds, such as `<`."""
    levels = set(column.levels)
    if not levels - {"=", "=="}:
        return False
    is_operator = "operator" in spaced(column.name) and levels <= _OMOP_OPERATORS
    is_letter = levels <= _OPERATOR_LETTERS and not levels.isdisjoint({"G", "GE", "LE"})
    return levels <= _OPERATORS or is_letter or (is_operator and levels != {"4172703"})


def is_plus_minus(column: Profile) -> bool:
    """Return whether a column says + (or ++) and -; elsewhere - means that there is no value."""
    levels = set(column.levels)
    return "+" in levels and levels <= _DEGREES and "-" in column.missing


def _truths(column: Profile) -> dict[str, str | bool] | None:
    """Return the values of a boolean, {} if they are the usual words; None if it is another."""
    if is_plus_minus(column) and len(column.levels) == 1:
        return {"+": True, "-": False}
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


def _number(column: Profile, code: str, category: str, numbers: Sequence[float]) -> ColumnDraft:
    variable = find_variable(column.name)
    low, high, missing = _without_sentinels(column, numbers)
    stated = _stated_unit(column)
    if variable is not None and variable is not SEX:
        if low == 0 and variable.minimum < _MAY_BE_ROUNDED:
            variable = replace(variable, minimum=0.0)
        low, zero = _without_zero(column, low, variable)
        missing = [*zero, *missing]
        unit, code, comment = _unit(variable, stated, code)
        if unit == variable.unit:
            minimum, maximum, comment = _plausible(variable, low, high, numbers)
        else:
            minimum, maximum = _range(low, high)
        remarks = (comment, "0 is read as not measured here: check" if zero else "")
        comment = "; ".join(filter(None, remarks))
        chosen = category or variable.category
    else:
        minimum, maximum = _range(low, high)
        unit = "{count}" if stated == "1" and _is_count(column) else stated
        chosen, comment = category or guess_category(column.name, "laboratory"), ""
    others = column.count - column.numbers - column.bounds
    if column.is_ambiguous_number:
        comment = "1,200 may be 1.2 or 1200 here: check decimal and thousands"
    if column.is_mixed:
        comment = f"{others} of {column.count} cells are not numbers alone: check them"
    return ColumnDraft(
        name=column.name,
        code=code,
        unit=unit,
        category=chosen,
        minimum=minimum,
        maximum=maximum,
        missing=missing,
        comment=comment,
    )


def _stated_unit(column: Profile) -> str:
    """Return the unit that a row of units, the name or every measured cell states, else "1"."""
    if column.unit:
        return column.unit
    unit = unit_in_name(column.name)
    cells = list(column.units)
    if unit == "1" and len(cells) == 1:
        return cells[0] if is_unit(cells[0]) else guess_unit(cells[0])
    return unit


def _without_zero(column: Profile, low: float, variable: Variable) -> tuple[float, list[str]]:
    """Return the lowest value, without a 0 that means that nothing was measured."""
    if low <= 0 < variable.minimum and min(column.minimum, low) == 0:
        return variable.minimum, ["0"]
    return low, []


def _unit(variable: Variable, stated: str, own: str) -> tuple[str, str, str]:
    """Return unit, code and comment; a unit that the table states comes before the usual one.

    A LOINC code is of one kind of quantity: a unit that cannot be converted to its own, such as
    mmol/L to mg/dL, is of another, so the table's own code stands for it.
    """
    if stated in ("1", variable.unit):
        return variable.unit, variable.code, ""
    if find_conversion(stated, variable.unit) is not None:
        return stated, variable.code, f"usually in {variable.unit}"
    return stated, own, f"{variable.code} is in {variable.unit}: another code is needed"


def _plausible(
    variable: Variable, low: float, high: float, numbers: Sequence[float]
) -> tuple[float, float, str]:
    """Return the range of a variable in its usual unit.

    Where most values are out of range, they are in another unit. Where many are, two units may be
    mixed. In both cases the usual range stays, so that a check refuses these values.
    """
    usual = variable.minimum, variable.maximum
    if usual[0] <= low and high <= usual[1]:
        return *usual, ""
    inside = [number for number in numbers if usual[0] <= number <= usual[1]]
    if 2 * len(inside) < len(numbers):
        why = f"most values are {UNUSUAL}: they may not be in {variable.unit}"
        return *usual, why + _fitting_unit(variable, numbers)
    if len(inside) < _NEARLY_ALL * len(numbers):
        others = len(numbers) - len(inside)
        return *usual, f"{others} of {len(numbers)} values are {UNUSUAL}: are two units mixed?"
    return *_range(low, high), f"check the unit: values are {UNUSUAL}"


def _fitting_unit(variable: Variable, numbers: Sequence[float]) -> str:
    """Name the one usual unit in which nearly all values would be in range, "" if not just one."""
    fitting = []
    for unit in _OTHER_UNITS:
        conversion = find_conversion(unit, variable.unit)
        if conversion is None or unit == variable.unit:
            continue
        low, high = variable.minimum, variable.maximum
        inside = [
            low <= number * conversion.scale + conversion.offset <= high for number in numbers
        ]
        if sum(inside) >= _NEARLY_ALL * len(inside):
            fitting.append(unit)
    return f". They would fit {fitting[0]}: ask the sender" if len(fitting) == 1 else ""


def _category(column: Profile, code: str, category: str) -> ColumnDraft:
    variable = find_variable(column.name)
    levels = sorted([*column.levels, *(["-"] if is_plus_minus(column) else [])])
    if not levels or len(levels) > MAX_CATEGORY_LEVELS:
        several = f"{len(column.distinct)} different texts, more than {MAX_CATEGORY_LEVELS}"
        comment = f"{several}: {IDENTIFIES}"
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
        comment=_why_fewer(column),
    )


def _why_fewer(column: Profile) -> str:
    """Name a word that may be an answer and is read as missing, such as none of none and severe."""
    words = [word for word in ("none", "None") if word in column.missing]
    return f"{words[0]} is read as missing: if it is an answer, add it to values" if words else ""


def _is_no_answer(level: str) -> bool:
    words = spaced(level.replace("'", ""))
    return words in ("unbekannt", "keine angabe", "k a") or words in (
        "dont know",
        "refused",
        "unknown",
        "not available",
        "not recorded",
        "missing",
    )


def _is_count(column: Profile) -> bool:
    return column.whole == column.numbers and column.minimum >= 0 and column.maximum <= 20


def _without_sentinels(column: Profile, numbers: Sequence[float]) -> tuple[float, float, list[str]]:
    """Return the range of a column without numbers that mean a missing value, and these."""
    ends = (column.minimum, column.maximum)
    if ends[1] not in _SENTINELS and ends[0] not in _NEGATIVE:
        return *ends, []
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


def _range(low: float, high: float) -> tuple[float, float]:
    """Return round bounds that leave room around what occurs."""
    if not math.isfinite(low) or not math.isfinite(high):
        return 0.0, 1.0
    span = max(high - low, abs(high), 1e-9)
    step = 10.0 ** math.floor(math.log10(span))
    minimum = 0.0 if low >= 0 else math.floor((low - span / 2) / step) * step
    maximum = math.ceil((high + span / 2) / step) * step
    return minimum, round(maximum, 12)
