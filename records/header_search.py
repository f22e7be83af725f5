"""Find the names of a mapping's columns below the first line of a table."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from records.cells import USUAL_MISSING, is_datum
from records.faults import CellFault, CellFaultCode
from records.header_rows import MAX_HEADER_ROWS, can_be_joined, join_header
from records.mapping import Mapping
from records.unit_row import is_value
from records.values import NUMBER

SEARCHED_LINES: Final = 12
MAX_NAMED: Final = 12
Lines = Sequence[tuple[int, list[str]]]


def find_names(lines: Lines, mapping: Mapping) -> CellFault | None:
    """Return the one fault that says where the names are, None if they are nowhere.

    Args:
        lines: the first ones of a table, with their numbers; the first one lacks names.
        mapping: what the columns should be.
    """
    names = set(mapping.columns())
    rows = [cells for _, cells in lines]
    for number, cells in lines:
        if number and names <= _names(cells):
            facts = {"first": number, "found": number - 1}
            return CellFault(0, "", CellFaultCode.HEADER_BELOW, facts=facts, line=number)
    for first in range(len(rows)):
        for count in range(2, min(MAX_HEADER_ROWS, len(rows) - first) + 1):
            if not can_be_joined(rows[first : first + count]):
                break
            joined = join_header(rows[first : first + count])
            parts = set().union(*map(_names, rows[first : first + count]))
            if names <= _names(joined) | parts:
                return _several(lines[first][0], count, joined)
    return None


def is_row_of_names(names: Sequence[str], cells: Sequence[str], mapping: Mapping) -> bool:
    """Return whether the row below a header has a word for a number or a day, and no value."""
    if mapping.long is not None or len(cells) != len(names):
        return False
    place = {name: index for index, name in enumerate(names)}
    if any(is_datum(cell.strip()) for cell in cells):
        return False
    columns = [(column, cells[place[column.name]].strip()) for column in mapping.mapped()]
    if any(is_value(column, cell) for column, cell in columns):
        return False
    words = [cell for column, cell in columns if column.kind == NUMBER]
    words += [cells[place[name]].strip() for name in [mapping.date_column] if name]
    return any(word not in USUAL_MISSING for word in words)


def _several(line: int, count: int, joined: Sequence[str]) -> CellFault:
    named = [repr(name) for name in joined if name]
    listed = [*named[:MAX_NAMED], *["…"] * (len(named) > MAX_NAMED)]
    facts = {"found": count, "first": line, "names": ", ".join(listed)}
    return CellFault(0, "", CellFaultCode.HEADER_ROWS, facts=facts, line=line)


def _names(cells: Sequence[str]) -> set[str]:
    return {unicodedata.normalize("NFC", cell.strip()) for cell in cells if cell.strip()}
