"""Read a sheet of a workbook (.xlsx, .xls, .ods) as cells of text, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from records.cells import cell_text
from records.errors import TableInvalid
from records.mapping import FileFormat
from records.sheet_reader import TOO_LARGE

WORKBOOK_MAGIC: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
KEPT_DIGITS: Final = 15
MAX_EXACT: Final = 10.0**KEPT_DIGITS
"""Spreadsheets keep every digit of a whole number below it."""
_FOLDER: Final = Path(__file__).parent
_START: Final = """
import sys, types
package = types.ModuleType("records")
package.__path__ = [sys.argv[1]]
sys.modules["records"] = package
from records.sheet_reader import main
main()
"""
"""The program, with a stand-in for the package: importing that takes seconds."""


@dataclass(frozen=True, slots=True)
class SheetSurvey:
    """What of a workbook is not read, or is read though its program does not show it.

    Attributes:
        others: sheets with cells that are not read, if the mapping names none.
        sheets: hidden sheets with cells; `read` is the sheet that is read.
        rows: hidden rows with cells below the header; filtered rows are hidden too.
        lines: the first and last line of the first ones that follow one another.
        columns: place and letters of the hidden columns of the sheet that is read.
    """

    others: Sequence[str] = ()
    sheets: Sequence[str] = ()
    read: str = ""
    rows: int = 0
    lines: Sequence[tuple[int, int]] = ()
    columns: Sequence[tuple[int, str]] = ()


def read_workbook(path: Path, file: FileFormat) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of the sheet that a mapping names.

    Raises:
        TableInvalid: it is no workbook, has no such sheet, or reading it takes more than 2 GiB of
            memory or ten minutes.
    """
    for number, cells in _ask(path, {"sheet": file.sheet, "skip": file.skip}):
        yield number, [_text(cell, file.decimal) for cell in cells]


def _text(cell: Any, decimal: str) -> str:
    """Return the text of a cell; a number whose last digits a spreadsheet lost has an exponent.

    It keeps 15 digits, and writes zeros for those behind them: two ids can become one.
    """
    if isinstance(cell, float) and abs(cell) >= MAX_EXACT and cell.is_integer():
        digits = str(int(abs(cell)))
        if not digits[KEPT_DIGITS:].strip("0"):
            return f"{cell:.{KEPT_DIGITS - 1}e}".replace(".", decimal)
    return cell_text(cell, decimal)


def survey_sheets(path: Path, file: FileFormat) -> SheetSurvey:
    """Return what of a workbook is not read, or is hidden; nothing of another file.

    Raises:
        TableInvalid: it cannot be read.
    """
    with path.open("rb") as opened:
        is_workbook = opened.read(4) in WORKBOOK_MAGIC
    request = {"sheet": file.sheet, "skip": file.skip, "header_rows": file.header_rows}
    ((answer,),) = _ask(path, request) if is_workbook else [[{}]]
    return SheetSurvey(**answer)


def _ask(path: Path, request: dict[str, Any]) -> Iterator[Any]:
    """Yield what the reader answers; it is ended when nobody wants more.

    Raises:
        TableInvalid: it says what is wrong with the workbook, or it ended early.
    """
    with path.open("rb") as opened:
        # A clean environment: no secret of the platform reaches this process.
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
            [sys.executable, "-I", "-c", _START, str(_FOLDER), orjson.dumps(request).decode()],
            stdin=opened,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONDONTWRITEBYTECODE": "1"},
        )
    problem = TOO_LARGE  # the library ends the whole process when memory is short
    try:
        for line in process.stdout or ():
            answer = orjson.loads(line)
            if isinstance(answer, dict):
                problem = answer["problem"]
                break
            yield answer
    finally:
        process.kill()
        process.communicate()
    if problem:
        raise TableInvalid(f"{path.name}: {problem}")
