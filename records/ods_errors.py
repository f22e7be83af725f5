"""Find the cells of an .ods sheet that show an error, a percentage or an id (OpenDocument 1.3)."""

from __future__ import annotations

import re
from typing import IO, Final
from xml.etree import ElementTree

from records.cells import SPREADSHEET_ERRORS, SheetErrors
from records.shown_numbers import show_percent, shown_id

MAX_ROWS: Final = 5_000_000
MAX_COLUMNS: Final = 65_536
"""A few bytes can say that a row or a cell is repeated a billion times."""
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
_TYPE: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_CELLS: Final = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_NUMBERED: Final = re.compile(r"Err:[0-9]+\Z")
"""How LibreOffice shows an error without a name of its own, such as Err:502."""


def errors_of_ods(part: IO[bytes], sheet: str) -> SheetErrors:
    """Return the cells of a sheet that show an error, percentage or id; "" is the first sheet.

    Raises:
        LookupError: there is no such sheet.
        ValueError: it has more rows or columns with such cells than a table may have.
        ElementTree.ParseError: it is damaged.
    """
    errors: SheetErrors = {}
    row, is_wanted = 0, False
    for event, element in ElementTree.iterparse(part, ("start", "end")):  # noqa: S314
        if event == "start" and element.tag == f"{_TABLE}table":
            is_wanted = sheet in ("", element.get(f"{_TABLE}name"))
        elif event == "end" and element.tag == f"{_TABLE}table" and is_wanted:
            return errors
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            repeated = _repeated(element, "rows")
            errors_of_row = _in_row(element) if is_wanted else {}
            if errors_of_row:
                if row + repeated > MAX_ROWS:
                    raise ValueError("too many rows")
                errors |= dict.fromkeys(range(row, row + repeated), errors_of_row)
            row = row + repeated if is_wanted else 0
            element.clear()
    raise LookupError("no such sheet")


def _in_row(row: ElementTree.Element) -> dict[int, str]:
    errors_of_row: dict[int, str] = {}
    column = 0
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        repeated = _repeated(cell, "columns")
        error = _error(cell)
        if error:
            if column + repeated > MAX_COLUMNS:
                raise ValueError("too many columns")
            errors_of_row |= dict.fromkeys(range(column, column + repeated), error)
        column += repeated
    return errors_of_row


def _error(cell: ElementTree.Element) -> str:
    """Return the error, percentage or id that a cell shows, "" if it shows none."""
    if cell.get(f"{_OFFICE}value-type") == "percentage":
        return show_percent(cell.get(f"{_OFFICE}value", ""))
    paragraph = cell.find(_TEXT)
    text = "".join(paragraph.itertext()).strip() if paragraph is not None else ""
    if cell.get(f"{_OFFICE}value-type") == "float" and cell.get(_TYPE) != "error":
        display = shown_id(cell.get(f"{_OFFICE}value", ""), text)
        if display:
            return display
    if text in SPREADSHEET_ERRORS:
        return text
    return "#ERROR!" if cell.get(_TYPE) == "error" or _NUMBERED.match(text) else ""


def _repeated(element: ElementTree.Element, kind: str) -> int:
    return int(element.get(f"{_TABLE}number-{kind}-repeated", "1"))
