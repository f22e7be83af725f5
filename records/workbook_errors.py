"""Find the cells of a workbook whose reader gives something else than they show.

An error is given as empty or as 0, a percentage as a hundredth of what the cell shows, and an id
such as 000001 as 1.
"""

from __future__ import annotations

import posixpath
import re
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

from records.cells import SheetErrors
from records.errors import TableInvalid
from records.ods_errors import errors_of_ods
from records.shown_numbers import BUILT_IN, Display, find_display
from records.xls_errors import errors_of_xls

_BOOK: Final = "xl/workbook.xml"
_STYLES: Final = "xl/styles.xml"
_DISPLAYED: Final = "displayed"
OPEN_DOCUMENT: Final = "content.xml"
UNREADABLE: Final = (
    *(LookupError, ValueError, struct.error),
    *(ElementTree.ParseError, zipfile.BadZipFile),
)
_ANY: Final = "{*}"
"""Any namespace: "Strict" workbooks have other ones than usual workbooks."""
_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})\Z")
_LETTERS: Final = 26


def find_errors(path: Path, sheet: str) -> SheetErrors:
    """Return what such cells of an .xlsx, .xls or .ods show; "" is the first sheet.

    Raises:
        TableInvalid: the sheet cannot be read, so errors could pass for empty cells.
    """
    try:
        if not zipfile.is_zipfile(path):
            return errors_of_xls(path.read_bytes(), sheet)
        with zipfile.ZipFile(path) as archive:
            is_ods = OPEN_DOCUMENT in archive.namelist()
            name = OPEN_DOCUMENT if is_ods else part_of_sheet(archive, sheet)
            with archive.open(name) as part:
                return errors_of_ods(part, sheet) if is_ods else _errors(part, _displays(archive))
    except UNREADABLE as exc:
        problem = "its cells cannot be searched for errors of formulas; save the table as CSV"
        raise TableInvalid(f"{path.name}: {problem}") from exc


def part_of_sheet(archive: zipfile.ZipFile, sheet: str) -> str:
    """Return the name of the part that holds a sheet; LookupError if there is none."""
    book = ElementTree.fromstring(archive.read(_BOOK))  # noqa: S314 - bounded size
    sheets = [each for each in book.iterfind(f".//{_ANY}sheet") if sheet in ("", each.get("name"))]
    reference = [text for name, text in sheets[0].items() if name.endswith("}id")][0]
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {
        each.get("Id"): each.get("Target") for each in links.iterfind(f".//{_ANY}Relationship")
    }
    target = str(targets[reference])
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _displays(archive: zipfile.ZipFile) -> dict[str, Display]:
    """Return the styles, as cells name them, that do not show numbers as they are."""
    if _STYLES not in archive.namelist():
        return {}
    styles = ElementTree.fromstring(archive.read(_STYLES))  # noqa: S314 - bounded size
    defined = styles.iterfind(f".//{_ANY}numFmt")
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in defined}
    numbers = [each.get("numFmtId", "0") for each in styles.iterfind(f"{_ANY}cellXfs/{_ANY}xf")]
    displays = {
        str(style): find_display(codes.get(number, BUILT_IN.get(int(number), "")))
        for style, number in enumerate(numbers)
    }
    return {style: display for style, display in displays.items() if display is not None}


def _errors(part: IO[bytes], displays: dict[str, Display]) -> SheetErrors:
    errors: SheetErrors = {}
    for row, column, kind, text in _cells(part, displays):
        if kind == "e":
            errors.setdefault(row, {})[column] = text or "#ERROR!"
        elif kind == _DISPLAYED and text:
            errors.setdefault(row, {})[column] = text
    return errors


def _cells(part: IO[bytes], displays: dict[str, Display]) -> Iterator[tuple[int, int, str, str]]:
    """Yield row, column, type and value of each cell; places that are not written are counted."""
    row = column = -1
    for event, element in ElementTree.iterparse(part, ("start", "end")):  # noqa: S314
        tag = element.tag.rpartition("}")[2]
        if event == "start" and tag == "row":
            number = element.get("r", "")
            row, column = (int(number) - 1 if number.isdecimal() else row + 1), -1
        elif event == "end" and tag == "c":
            place = _PLACE.match(element.get("r", ""))
            column = _number(place[1]) if place else column + 1
            kind, text = _content(element)
            display = displays.get(element.get("s", ""))
            if kind in ("", "n") and display is not None:
                kind, text = _DISPLAYED, display(text)
            yield row, column, kind, text
        elif event == "end" and tag == "row":
            element.clear()


def _content(cell: ElementTree.Element) -> tuple[str, str]:
    """Return type and value of a cell; a formula that was never calculated is an error."""
    kind, value = cell.get("t", ""), cell.findtext(f"{_ANY}v", "").strip()
    is_open = cell.find(f"{_ANY}f") is not None and kind in ("", "n") and not value
    return ("e", "#CALC!") if is_open else (kind, value)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number - 1
