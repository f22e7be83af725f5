"""Draft the mapping of a table of one value a row: a column for each code that occurs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from records.cells import normalised
from records.draft import (
    CODE,
    DATE,
    IGNORE,
    VALUE,
    ColumnDraft,
    MappingDraft,
    with_distinct_codes,
)
from records.guesses import LABEL_CATEGORY, guess_column, own_code
from records.profile import Profile, TableProfile
from records.units import find_conversion, ucum_unit
from records.values import BOOLEAN, NUMBER
from records.variables import spaced

_CODE_NAME: Final = re.compile(
    r"^(test|code|analyte|analyt|parameter|event|item|variable|measure(ment)?|concept( cd)?"
    r"|untersuchung|laborwert|messgrosse|prueba|analito|lab ?test"
    r"|(test|lab|item|analyte?|parameter) ?(code|id|nr)|[a-z]{2}testcd)\b"
)
_NUMBERED_CODE_NAME: Final = re.compile(
    r"^((test|lab|item|analyte|parameter|concept) ?)?(code|cd|id|nr|no)$|concept id$"
)
"""Of these, numbers are codes too: in a column such as `event` they are values."""
_VALUE_NAME: Final = re.compile(
    r"^(value|result|wert|messwert|ergebnis|valor|resultado|nval|valuenum|[a-z]{2}orres)\b"
)
_UNIT_NAME: Final = re.compile(
    r"^((unit|units|einheit|uom|unidad)( cd| source value)?|valueuom|[a-z]{2}orresu)$"
)
"""Including the names of OMOP, i2b2 (observation_fact), MIMIC (labevents) and SDTM (LB, VS)."""


def find_long_columns(profile: TableProfile, drafts: Sequence[ColumnDraft]) -> dict[str, str]:
    """Return the columns of a table of one value a row, {} if it is another."""
    filled = [c for c in profile.columns if c.count and c.date_format is None]
    names = {spaced(column.name): column for column in filled}
    named = [(name, c) for name, c in names.items() if _CODE_NAME.match(name)]
    values = [c for name, c in names.items() if _VALUE_NAME.match(name)]
    codes = [c for _, c in named if not c.is_number]
    codes += [c for name, c in named if values and c.is_number and _NUMBERED_CODE_NAME.match(name)]
    has_date = any(each.role == DATE for each in drafts)
    if not codes or not has_date or not codes[0].levels:
        return {}
    units = [c for c in filled if _UNIT_NAME.match(spaced(c.name))]
    if not values and len(profile.columns) > 4:
        return {}
    keys = {"code_column": codes, "value_column": values, "unit_column": units}
    return {key: columns[0].name for key, columns in keys.items() if columns}


def draft_long(profile: TableProfile, draft: MappingDraft, long: dict[str, str]) -> MappingDraft:
    """Return the draft with a column for each code of the table."""
    places = {column.name: index for index, column in enumerate(profile.columns)}
    codes = sorted(profile.columns[places[long["code_column"]]].levels)
    system = next((each.code.partition("|")[0] for each in draft.columns if each.code), "local")
    columns = [
        replace(each, role=CODE, comment="") if each.name in long.values() else each
        for each in draft.columns
    ]
    columns = [
        replace(each, role=IGNORE, comment="a table of one value a row has no further values")
        if each.role == VALUE
        else each
        for each in columns
    ]
    for code in codes:
        columns.append(_code_draft(profile, long, code, system))
    used = with_distinct_codes(columns)
    # The ranges come from a part of the rows, so a value beyond them must not cost the table.
    rules = {"outside": "missing", **draft.rules}
    return replace(draft, columns=used, has_visits=False, long=long, rules=rules)


def _code_draft(profile: TableProfile, long: dict[str, str], code: str, system: str) -> ColumnDraft:
    """Return the draft for a code of a table of one value a row."""
    places = {column.name: index for index, column in enumerate(profile.columns)}
    place = places[long["code_column"]]
    if "value_column" not in long:
        own = own_code(system, code)
        return ColumnDraft(name=code, kind=BOOLEAN, code=own, category=LABEL_CATEGORY)
    column = Profile(code)
    unit, spellings = _units(profile, long, code)
    column.unit = unit
    for number, row in enumerate(profile.sample, 1):
        if normalised(row[place]) == code:
            column.see(row[places[long["value_column"]]], profile.numbers, number)
    cells = [row for row in profile.sample if normalised(row[place]) == code]
    values = places[long["value_column"]]
    numbers = profile.numbers_in(values, cells)
    draft = guess_column(column, system, profile.rows, "", numbers)
    # A part of the rows was read: how many of its cells are not numbers says nothing of all.
    comment = "" if column.is_mixed else draft.comment
    drafted = replace(draft, comment=comment) if draft.role == VALUE else _unseen(code, system)
    if drafted.kind != NUMBER:  # it has no unit, but one may be beside it
        is_one = unit != "" and set(spellings.values()) <= {unit}
        return replace(drafted, units={unit: unit, **spellings} if is_one else {})
    return replace(drafted, units=spellings if drafted.unit == unit else {})


def _units(profile: TableProfile, long: dict[str, str], code: str) -> tuple[str, dict[str, str]]:
    """Return the usual unit of a code, "" if there is none, and the spellings of it and others.

    Units that cannot be converted to it are left out: each row with one is then a fault.
    """
    places = {column.name: index for index, column in enumerate(profile.columns)}
    if "unit_column" not in long:
        return "", {}
    place, unit_place = places[long["code_column"]], places[long["unit_column"]]
    cells = Counter(
        row[unit_place].strip() for row in profile.sample if normalised(row[place]) == code
    )
    spelled = {cell: unit for cell, _ in cells.most_common() if (unit := ucum_unit(cell))}
    usual = next(iter(spelled.values()), "")
    fitting = {cell: unit for cell, unit in spelled.items() if find_conversion(unit, usual)}
    return usual, {cell: unit for cell, unit in fitting.items() if cell != usual}


def _unseen(code: str, system: str) -> ColumnDraft:
    own = own_code(system, code)
    return ColumnDraft(name=code, code=own, comment="few values: check kind, unit and range")
