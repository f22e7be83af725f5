"""Find the cells of a workbook whose reader gives something else than they show.

An error is given as empty or as 0, and a percentage as a hundredth of what the cell shows.
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
from records.percents import BUILT_IN, is_percent, show_percent
from records.xls_errors import errors_of_xls

_BOOK: Final = "xl/workbook.xml"
_STYLES: Final = "xl/styles.xml"
_PERCENT: Final = "%"
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
                return errors_of_ods(part, sheet) if is_ods else _errors(part, _percents(archive))
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


def _percents(archive: zipfile.ZipFile) -> frozenset[str]:
    """Return the styles, as cells name them, whose numbers are shown as percentages."""
    if _STYLES not in archive.namelist():
        return frozenset()
    styles = ElementTree.fromstring(archive.read(_STYLES))  # noqa: S314 - bounded size
    defined = styles.iterfind(f".//{_ANY}numFmt")
    codes = {each.get("numFmtId"): each.get("formatCode", "") for each in defined}
    numbers = [each.get("numFmtId", "0") for each in styles.iterfind(f"{_ANY}cellXfs/{_ANY}xf")]
    return frozenset(
        str(style)
        for style, number in enumerate(numbers)
        if is_percent(codes.get(number, BUILT_IN.get(int(number), "")))
    )


def _errors(part: IO[bytes], percents: frozenset[str]) -> SheetErrors:
    errors: SheetErrors = {}
    for row, column, kind, text in _cells(part, percents):
        if kind == "e":
            errors.setdefault(row, {})[column] = text or "#ERROR!"
        elif kind == _PERCENT and text:
            errors.setdefault(row, {})[column] = text
    return errors


def _cells(part: IO[bytes], percents: frozenset[str]) -> Iterator[tuple[int, int, str, str]]:
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
            if kind in ("", "n") and element.get("s") in percents:
                kind, text = _PERCENT, show_percent(text)
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
