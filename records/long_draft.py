"""Draft the mapping of a table of one value a row: a column for each code that occurs."""

from __future__ import annotations

import re
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
    slug,
    with_distinct_codes,
)
from records.guesses import LABEL_CATEGORY, guess_column
from records.profile import Profile, TableProfile
from records.values import BOOLEAN
from records.variables import spaced

_CODE_NAME: Final = re.compile(
    r"^(test|code|analyte|analyt|parameter|event|item|variable|measure(ment)?|concept( cd)?"
    r"|untersuchung|laborwert|messgrosse|prueba|analito)\b"
)
_VALUE_NAME: Final = re.compile(r"^(value|result|wert|messwert|ergebnis|valor|resultado|nval)\b")
_UNIT_NAME: Final = re.compile(r"^(unit|units|einheit|uom|unidad)( cd| source value)?$")
"""With how OMOP (measurement) and i2b2 (observation_fact) call them."""


def find_long_columns(profile: TableProfile, drafts: Sequence[ColumnDraft]) -> dict[str, str]:
    """Return the columns of a table of one value a row, {} if it is another."""
    filled = [c for c in profile.columns if c.count and c.date_format is None]
    names = {spaced(column.name): column for column in filled}
    codes = [c for name, c in names.items() if _CODE_NAME.match(name) and not c.is_number]
    values = [c for name, c in names.items() if _VALUE_NAME.match(name)]
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
        own = f"{system}|{slug(code, 100)}"
        return ColumnDraft(name=code, kind=BOOLEAN, code=own, category=LABEL_CATEGORY)
    column = Profile(code)
    for number, row in enumerate(profile.sample, 1):
        if normalised(row[place]) == code:
            column.see(row[places[long["value_column"]]], profile.numbers, number)
    cells = [row for row in profile.sample if normalised(row[place]) == code]
    values = places[long["value_column"]]
    numbers = profile.numbers_in(values, cells)
    draft = guess_column(column, system, profile.rows, "", numbers)
    return replace(draft, comment="") if draft.role == VALUE else _unseen(code, system)


def _unseen(code: str, system: str) -> ColumnDraft:
    own = f"{system}|{slug(code, 100)}"
    return ColumnDraft(name=code, code=own, comment="few values: check kind, unit and range")
