"""Read the sheets of a workbook as a program of its own, which alone ends if a file is crafted.

A workbook of one kilobyte can name two cells that are a billion cells apart, and the library
allocates all that lie between. So this program is run in a process with bounded memory and time
(records/workbook.py). It begins in a tenth of a second: the package itself is not imported.
"""

from __future__ import annotations

import math
import resource
import sys
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from records.errors import TableInvalid
from records.workbook_errors import find_errors
from records.workbook_hidden import find_hidden, letters_of, numbers_in

MAX_MEMORY_BYTES: Final = 2 * 2**30
MAX_CPU_S: Final = 600
MAX_UNPACKED_BYTES: Final = 2**30
MAX_ROW_BYTES: Final = 16 * 2**20
MAX_RUNS: Final = 11
TOO_LARGE: Final = (
    "reading the workbook takes more memory or time than it may; delete what is far to the "
    "right of or below the table, or save the table as CSV"
)
_INPUT: Final = Path("/dev/stdin")
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")


def read_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[Any]]]:
    """Yield the number of each row of a sheet, from 1, and its cells; "" is the first sheet.

    Raises:
        TableInvalid: it is no workbook, has no such sheet, or its errors cannot be found.
    """
    from python_calamine import CalamineWorkbook

    with _Readable(path):
        workbook = CalamineWorkbook.from_path(path)
        if sheet and sheet not in workbook.sheet_names:
            names = ", ".join(map(repr, workbook.sheet_names))
            raise TableInvalid(f"no sheet {sheet!r}; it has {names}. Correct sheet in the mapping")
        chosen = workbook.get_sheet_by_name(sheet or workbook.sheet_names[0])
        first_row, first_column = chosen.start or (0, 0)
        rows = islice(chosen.iter_rows(), first_row, None)
    errors = find_errors(path, sheet)
    for number, row in enumerate(rows, first_row + 1):
        for column, text in errors.get(number - 1, {}).items():
            if 0 <= column - first_column < len(row):
                row[column - first_column] = text
        yield number, row


class _Readable:
    """Refuses a workbook that the library cannot read, in place of the library's own error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Do nothing yet."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Say what is wrong with the workbook.

        Raises:
            TableInvalid: it is damaged, or protected by a password.
        """
        from python_calamine import CalamineError

        # The library is written in Rust: where it panics, what it raises is not an Exception.
        is_known = kind is not None and issubclass(kind, CalamineError | IndexError)
        if kind is None or not (is_known or kind.__name__ == "PanicException"):
            return
        problem = "a zip archive or damaged workbook; save the table as .xlsx or CSV"
        if _ENCRYPTED in self._path.read_bytes():  # the name of a stream in a compound file
            problem = "protected by a password; save the workbook without one"
        raise TableInvalid(problem) from None


def survey_sheets(path: Path, sheet: str, skip: int, header_rows: int) -> dict[str, Any]:
    """Return the sheets that are not read, and what is hidden of those with cells.

    `others` are the sheets after the first one, if none was chosen; a sheet of charts has no cells.
    `sheets` are hidden, `columns` are by place and letters, `rows` counts those with cells below
    the header, and `lines` are the first of them as pairs of first and last line.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with _Readable(path):
        workbook = CalamineWorkbook.from_path(path)
        chosen = workbook.get_sheet_by_name(sheet or workbook.sheet_names[0])
    sheets = [each for each in workbook.sheets_metadata if each.typ == SheetTypeEnum.WorkSheet]
    sheets = [each for each in sheets if _has_cells(path, workbook, each.name)]
    first_row, first_column = chosen.start or (0, 0)
    width = chosen.width
    hidden = find_hidden(path, sheet)
    places = numbers_in(hidden.rows, max(first_row, skip) + header_rows, first_row + chosen.height)
    rows = enumerate(chosen.iter_rows()) if places else ()
    numbers = [n for n, row in rows if n in places and any(str(cell).strip() for cell in row)]
    columns = sorted(numbers_in(hidden.columns, first_column, first_column + width))
    return {
        "others": [] if sheet else [each.name for each in sheets if each.name != chosen.name],
        "sheets": [each.name for each in sheets if each.visible != SheetVisibleEnum.Visible],
        "read": chosen.name,
        "rows": len(numbers),
        "lines": list(islice(_runs(numbers), MAX_RUNS)),
        "columns": [[column - first_column, letters_of(column)] for column in columns],
    }


def _has_cells(path: Path, workbook: Any, name: str) -> bool:
    try:
        with _Readable(path):
            return bool(workbook.get_sheet_by_name(name).height)
    except TableInvalid:
        return True  # it is not read, but named


def _runs(numbers: list[int]) -> Iterator[list[int]]:
    """Yield the first and the last line of numbers from 0 that follow one another."""
    run: list[int] = []
    for number in numbers:
        if run and number == run[1]:
            run[1] = number + 1
            continue
        if run:
            yield run
        run = [number + 1, number + 1]
    if run:
        yield run


def require_size(path: Path) -> None:
    """Refuse a workbook that says that it unpacks to too much.

    Raises:
        TableInvalid: it does, or it is a damaged ZIP archive.
    """
    with path.open("rb") as opened:
        if opened.read(2) != b"PK":
            return
        try:
            unpacked = sum(entry.file_size for entry in zipfile.ZipFile(opened).infolist())
        except zipfile.BadZipFile as exc:
            raise TableInvalid("damaged workbook; save it again") from exc
    if unpacked > MAX_UNPACKED_BYTES:
        raise TableInvalid("the workbook unpacks to more than 1 GiB; split it")


def _line(number: int, row: list[Any]) -> bytes:
    """Return a row as a line of JSON; infinity, which JSON does not have, is a text.

    Raises:
        TableInvalid: it is longer than a row may be.
    """
    if math.inf in row or -math.inf in row:
        row = [str(cell) if cell in (math.inf, -math.inf) else cell for cell in row]
    line = orjson.dumps([number, row], default=str)
    if len(line) > MAX_ROW_BYTES:
        limit = f"the maximum is {MAX_ROW_BYTES} bytes"
        raise TableInvalid(f"row {number} is too long; {limit}. Shorten its cells")
    return line


def _lines(path: Path, request: dict[str, Any]) -> Iterator[bytes]:
    """Yield the answer to a request, and last of all a line that says that it is complete."""
    try:
        require_size(path)
        if "header_rows" in request:
            yield orjson.dumps([survey_sheets(path, **request)])
        else:
            for number, row in read_rows(path, request["sheet"]):
                if number > request["skip"]:
                    yield _line(number, row)
    except TableInvalid as exc:
        yield orjson.dumps({"problem": str(exc).removeprefix(f"{path.name}: ")})
    except MemoryError:
        yield orjson.dumps({"problem": TOO_LARGE})
    yield orjson.dumps({"problem": ""})


def main() -> None:
    """Answer the request in the last argument about the workbook on standard input."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold patients' values
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_S, MAX_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    for line in _lines(_INPUT, orjson.loads(sys.argv[-1])):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()
