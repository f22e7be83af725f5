"""Notice a row of units below the header of a table, such as mmol/L, kg and years."""

from __future__ import annotations

from collections.abc import Mapping as NamedTexts
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from records.cells import USUAL_MISSING, NumberFormat
from records.columns import Column
from records.dates import read_date
from records.faults import CellFault, CellFaultCode, CellInvalid
from records.mapping import Mapping
from records.units import find_conversion, ucum_unit
from records.values import NUMBER

NO_UNIT: Final = "1"
MAX_NAMED: Final = 20
PEEKED_ROWS: Final = 50
_TITLES: Final = frozenset({"unit", "units", "einheit", "einheiten", "unidad", "unidades"})
"""What the first cell of such a row says."""
_DATE_LETTERS: Final = frozenset("dmyhsjta")
_DATE_PARTS: Final = frozenset({"yyyy", "yy", "jjjj", "jj", "aaaa", "aa", "hh"})
_DATE_MARKS: Final = str.maketrans("-./:", "    ")


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A row of units.

    Attributes:
        line: in the file, from 1; 0 if the file has no lines.
        units: by column, the UCUM unit that the row states.
    """

    line: int
    units: NamedTexts[str, str]

    def note(self) -> CellFault:
        """Return the sentence that says that the row was not read as data."""
        named = [f"{column}: {unit}" for column, unit in list(self.units.items())[:MAX_NAMED]]
        more = ["…"] if len(self.units) > MAX_NAMED else []
        facts = {"names": ", ".join([*named, *more])}
        return CellFault(0, "", CellFaultCode.UNIT_ROW, facts=facts, line=self.line)

    def conflicts(self, mapping: Mapping) -> list[CellFault]:
        """Return the columns to which the mapping gives another unit than the row."""
        faults = []
        for column in mapping.mapped():
            stated = self.units.get(column.name, NO_UNIT)
            has_both = column.kind == NUMBER and NO_UNIT not in (stated, column.unit)
            if has_both and not _is_same(stated, column.unit):
                facts = {"found": stated, "unit": column.unit}
                code = CellFaultCode.UNIT_CONFLICT
                faults.append(CellFault(0, column.name, code, facts=facts, line=self.line))
        return faults

    def missing_units(self, mapping: Mapping) -> dict[str, str]:
        """Return the units of columns to which the mapping gives none."""
        return {
            column.name: self.units[column.name]
            for column in mapping.mapped()
            if column.kind == NUMBER and column.unit == NO_UNIT and column.name in self.units
        }


def find_unit_row(
    names: Sequence[str], line: int, cells: Sequence[str], mapping: Mapping
) -> UnitRow | None:
    """Return the first row below a header as units, None if it can be data.

    It can be none where the cell of the id is empty or says "unit", no mapped cell can be read as
    its column is mapped, and at least half of the cells of numbers are units.
    """
    if mapping.long is not None or len(cells) != len(names):
        return None
    place = {name: index for index, name in enumerate(names)}
    if not _is_title(cells[place[mapping.id_column]]):
        return None
    if mapping.date_column and _is_date(cells[place[mapping.date_column]], mapping):
        return None
    columns = [(column, cells[place[column.name]].strip()) for column in mapping.mapped()]
    if any(is_value(column, cell) for column, cell in columns):
        return None
    stated = [(column.name, cell) for column, cell in columns if column.kind == NUMBER]
    stated = [(name, cell) for name, cell in stated if not _is_empty(cell) and cell != NO_UNIT]
    units = {name: unit for name, cell in stated if (unit := ucum_unit(cell))}
    return UnitRow(line, units) if units and 2 * len(units) >= len(stated) else None


def guess_units(cells: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return the units that the first row of a table without a mapping states, by place.

    {} if it can be data: a cell of it is no unit, or a column with a unit is not one of numbers in
    the rows that follow.
    """
    units: dict[int, str] = {}
    for index, cell in enumerate(map(str.strip, cells)):
        if _is_title(cell) or _is_date_word(cell):
            continue
        unit = ucum_unit(cell)
        if not unit:
            return {}
        units[index] = unit
    return units if all(_is_numeric(index, rows) for index in units) else {}


def _is_numeric(index: int, rows: Sequence[Sequence[str]]) -> bool:
    cells = [row[index].strip() for row in rows if index < len(row)]
    filled = [cell for cell in cells if not _is_empty(cell)]
    return bool(filled) and all(cell.lstrip("<>=≤≥ +-−")[:1].isdigit() for cell in filled)


def _is_empty(cell: str) -> bool:
    return cell in USUAL_MISSING


def _is_title(cell: str) -> bool:
    text = cell.strip()
    return _is_empty(text) or text.strip("[]():").casefold() in _TITLES


def _is_date_word(cell: str) -> bool:
    """Return whether a cell says how dates are written, such as YYYY-MM-DD."""
    parts = cell.casefold().translate(_DATE_MARKS).split()
    is_spelled = all(_DATE_LETTERS.issuperset(part) for part in parts)
    return len(parts) > 1 and is_spelled and not _DATE_PARTS.isdisjoint(parts)


def _is_date(cell: str, mapping: Mapping) -> bool:
    try:
        return bool(read_date(cell.strip(), mapping.date_format, mapping.first_year))
    except CellInvalid as exc:
        return exc.code is CellFaultCode.DATE_OUTSIDE


def is_value(column: Column, cell: str) -> bool:
    """Return whether a cell can be a value of its column."""
    if _is_empty(cell) or (cell == NO_UNIT and column.kind == NUMBER):
        return False
    try:
        column.read(cell)
    except CellInvalid as exc:
        return exc.code is CellFaultCode.OUTSIDE or _is_number(cell, column.numbers)
    return True


def _is_number(cell: str, numbers: NumberFormat) -> bool:
    try:
        numbers.read(cell)
    except CellInvalid:
        return cell.lstrip("<>=≤≥ +-−")[:1].isdigit() and not ucum_unit(cell)
    return True


def _is_same(unit: str, other: str) -> bool:
    conversion = find_conversion(unit, other)
    return conversion is not None and conversion.scale == 1 and conversion.offset == 0
