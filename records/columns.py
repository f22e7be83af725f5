"""Define one column of a mapping: what its cells mean, and what a bad one costs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from records.cells import (
    MEASURED,
    SPREADSHEET_ERRORS,
    USUAL_MISSING,
    Bounded,
    NumberFormat,
    normalised,
)
from records.faults import CellFaultCode, CellInvalid
from records.strict_toml import Section
from records.values import BOOLEAN, CATEGORY, KINDS, NUMBER, code_problem, is_unit

BOOLEANS: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
REFUSE: Final = "refuse"
MISSING: Final = "missing"
LIMIT: Final = "limit"
HALF: Final = "half"
OUTSIDE_RULES: Final = (REFUSE, MISSING)
BOUND_RULES: Final = (REFUSE, LIMIT, HALF, MISSING)

_IDENTIFYING: Final = re.compile(
    r"(^|[^a-z])((first|last|sur|given|family|full|patient|maiden|mother)?.?names?"
    r"|(familien|geburts|nach|ruf|vor|zu)name|apellidos?|nombres?|prenom|cognome|e.?mail|phone|telefon|telephone|mobile|fax|address|street|adresse|strasse"
    r"|ssn|social.?security|passport|mrn|nhs.?number|iban|insurance.?(number|no|id)|user.?name"
    r"|zip(.?code)?|postcode|postal.?code|plz|free.?text|comments?|notes?|remarks?)($|[^a-z])"
)

Value = float | str | bool


def is_identifying(name: str) -> bool:
    """Return whether a column's name says that its cells identify people or are free text."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    return _IDENTIFYING.search(spaced) is not None


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the columns of a table have in common unless they say otherwise."""

    numbers: NumberFormat
    missing: frozenset[str]
    outside: str
    bounds: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the meaning of its cells, and which cells count as missing.

    Attributes:
        missing: texts of cells without a value.
        missing_numbers: numbers that mean the same, such as -999 however it is written.
        values: cell → value, of a category or boolean.
        numbers: how its numbers are written.
        outside: `missing` if a number out of range costs the cell alone, else `refuse`.
        bounds: what `<0.5` becomes: `limit`, `half`, `missing`, or `refuse` for a bad cell.
        units: the spellings of other units in a table of one value a row → their UCUM unit; of a
            category, of those that may be beside it, such as /µl beside `neg.`.
        reviewed: why a column that looks like an identifier may be stored, "" if nobody said.
    """

    name: str
    code: str
    kind: str
    unit: str
    minimum: float
    maximum: float
    missing: frozenset[str]
    values: dict[str, str | bool]
    numbers: NumberFormat = NumberFormat()
    missing_numbers: frozenset[float] = frozenset()
    outside: str = REFUSE
    bounds: str = REFUSE
    units: Mapping[str, str] = field(default_factory=dict)
    reviewed: str = ""

    def read(self, cell: str, unit: str = "") -> Value | Bounded | None:
        """Return the value of a cell, or None if it is missing.

        Args:
            cell: the text of the cell.
            unit: the UCUM unit of the cell, if it has another than the column.

        Raises:
            CellInvalid: the cell is not a value of this column, or outside its range.
        """
        text = cell.strip()
        if text in self.missing:
            return None
        if text in SPREADSHEET_ERRORS:
            raise CellInvalid(CellFaultCode.SPREADSHEET_ERROR)
        if self.kind == NUMBER:
            return self._number(text, unit or self.unit)
        text = normalised(text)
        if text in self.missing:
            return None
        if self.values:
            if text not in self.values:
                raise CellInvalid(CellFaultCode.UNKNOWN_VALUE)
            return self.values[text]
        if text.lower() not in BOOLEANS:
            raise CellInvalid(CellFaultCode.NOT_A_BOOLEAN)
        return BOOLEANS[text.lower()]

    def read_unit(self, cell: str) -> str:
        """Return the UCUM unit that a cell of the unit column names; "" for a word or an answer.

        Raises:
            CellInvalid: it is neither the column's unit nor among its `units`.
        """
        text = cell.strip()
        if text in (self.unit, ""):
            return self.unit
        if text not in self.units:
            raise CellInvalid(CellFaultCode.UNIT_DIFFERS, unit=self.unit or "1")
        return self.units[text] if self.kind == NUMBER else ""

    def _number(self, text: str, unit: str) -> float | Bounded | None:
        try:
            number, bound = self.numbers.read(text, unit)
        except CellInvalid:
            if MEASURED.match(text) and unit not in ("1", ""):
                raise CellInvalid(CellFaultCode.CELL_UNIT, unit=unit) from None
            raise
        if number in self.missing_numbers and not bound:
            return None
        # The range is written in the column's own unit.
        if unit == self.unit and not self.minimum <= number <= self.maximum:
            raise CellInvalid(
                CellFaultCode.OUTSIDE,
                value=f"{number:g}",
                minimum=f"{self.minimum:g}",
                maximum=f"{self.maximum:g}",
                unit=f" {self.unit}" if self.unit not in ("1", "") else "",
            )
        return self._bounded(number, bound) if bound else number

    def _bounded(self, number: float, bound: str) -> Bounded:
        if self.bounds == REFUSE:
            raise CellInvalid(CellFaultCode.BOUND)
        text = f"{bound}{number:.15g}"
        if self.bounds == MISSING:
            return Bounded(None, text)
        is_half = self.bounds == HALF and bound.startswith("<")
        return Bounded(number / 2 if is_half else number, text)


def read_column(section: Section, defaults: Defaults) -> Column:
    """Return the column that a section of a mapping declares.

    Raises:
        DeclarationInvalid: the message names the key.
    """
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.error("kind", f"unknown kind {kind!r}; known: {', '.join(KINDS)}")
    values = {} if kind == NUMBER else _values(section, kind)
    own_missing = {normalised(text) for text in section.texts("missing", ())}
    minimum, maximum = _range(section)
    column = Column(
        name=section.text("column"),
        code=_code(section),
        kind=kind,
        unit=_unit(section) if kind == NUMBER else "",
        minimum=minimum,
        maximum=maximum,
        missing=frozenset((defaults.missing | USUAL_MISSING) - set(values)) | own_missing,
        values=values,
        numbers=defaults.numbers,
        missing_numbers=_numbers(defaults.missing | own_missing, defaults.numbers),
        outside=choice(section, "outside", OUTSIDE_RULES, defaults.outside),
        bounds=choice(section, "bounds", BOUND_RULES, defaults.bounds),
        units=_units(section),
        reviewed=section.text("reviewed", ""),
    )
    section.close()
    if is_identifying(column.name) and not column.reviewed:
        problem = "looks like a name, an address or free text, which identifies people; ignore the "
        problem += 'column, or say why it may be stored: reviewed = "why"'
        raise section.error("column", f"{column.name!r} {problem}")
    return column


def choice(section: Section, key: str, known: tuple[str, ...], default: str) -> str:
    """Return a text that must be among `known`.

    Raises:
        DeclarationInvalid: it is another.
    """
    text = section.text(key, default)
    if text not in known:
        raise section.error(key, f"unknown {text!r}; known: {', '.join(known)}")
    return text


def _code(section: Section) -> str:
    code = section.text("code")
    problem = code_problem(code)
    if problem:
        raise section.error("code", problem)
    return code


def _unit(section: Section) -> str:
    unit = section.text("unit")
    if not is_unit(unit):
        problem = "is not a unit of UCUM, such as mg/dL, mm[Hg], 10*9/L; without a unit write 1"
        raise section.error("unit", f"{unit!r} {problem}")
    return unit


def _units(section: Section) -> dict[str, str]:
    units = {spelling: str(unit) for spelling, unit in section.text_table("units").items()}
    for spelling, unit in units.items():
        if not is_unit(unit):
            raise section.error("units", f"{spelling!r}: {unit!r} is not a unit of UCUM")
    return units


def _range(section: Section) -> tuple[float, float]:
    low, high = section.find_number("minimum"), section.find_number("maximum")
    minimum = -math.inf if low is None else low
    maximum = math.inf if high is None else high
    if minimum > maximum:
        raise section.error("minimum", f"{minimum:g} is above the maximum, {maximum:g}")
    return minimum, maximum


def _values(section: Section, kind: str) -> dict[str, str | bool]:
    values = {normalised(key): value for key, value in section.text_table("values").items()}
    expected = bool if kind == BOOLEAN else str
    if any(not isinstance(value, expected) or value == "" for value in values.values()):
        name = "true or false" if kind == BOOLEAN else "a text"
        raise section.error("values", f"each value must be mapped to {name}")
    if kind == CATEGORY and not values:
        raise section.error("values", "missing; a category needs at least one value")
    return values


def _numbers(texts: frozenset[str] | set[str], numbers: NumberFormat) -> frozenset[float]:
    """Return the texts that are numbers, as numbers."""
    found_numbers = set()
    for text in texts - USUAL_MISSING:
        try:
            found_numbers.add(numbers.read(text)[0])
        except CellInvalid:
            try:
                found_numbers.add(NumberFormat().read(text)[0])
            except CellInvalid:
                continue
    return frozenset(found_numbers)
