"""Read a sheet of a workbook (.xlsx, .xls, .ods) as cells of text."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from records.cells import cell_text
from records.errors import TableInvalid
from records.mapping import FileFormat

WORKBOOK_MAGIC: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
MAX_UNPACKED_BYTES: Final = 2**30


def read_workbook(path: Path, file: FileFormat) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each row of the sheet that a mapping names.

    Raises:
        TableInvalid: it is no workbook, has no such sheet, or unpacks to more than 1 GiB.
    """
    # Imported here, since the web process never reads a table.
    from python_calamine import CalamineError, CalamineWorkbook

    _require_size(path)
    try:
        with path.open("rb") as opened:
            workbook = CalamineWorkbook.from_filelike(opened)
            if file.sheet and file.sheet not in workbook.sheet_names:
                names = ", ".join(map(repr, workbook.sheet_names))
                problem = f"no sheet {file.sheet!r}; it has {names}. Correct sheet in the mapping"
                raise TableInvalid(f"{path.name}: {problem}")
            sheet = workbook.get_sheet_by_name(file.sheet or workbook.sheet_names[0])
            start = sheet.start[0] if sheet.start else 0
            for number, row in enumerate(sheet.to_python(skip_empty_area=True), start + 1):
                if number > file.skip:
                    yield number, [cell_text(cell, file.decimal) for cell in row]
    except (CalamineError, IndexError) as exc:
        problem = "a zip archive or damaged workbook; save the table as .xlsx or CSV"
        raise TableInvalid(f"{path.name}: {problem}") from exc


def other_sheets(path: Path, file: FileFormat) -> list[str]:
    """Return the sheets with cells that are not read, if the mapping names none.

    Raises:
        TableInvalid: it is no workbook.
    """
    with path.open("rb") as opened:
        is_workbook = opened.read(4) in WORKBOOK_MAGIC
    if file.sheet or not is_workbook:
        return []
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with path.open("rb") as opened:
            workbook = CalamineWorkbook.from_filelike(opened)
            names = workbook.sheet_names[1:]
            return [name for name in names if workbook.get_sheet_by_name(name).height]
    except (CalamineError, IndexError):
        return []  # such as a sheet of charts, which has no cells


def _require_size(path: Path) -> None:
    with path.open("rb") as opened:
        if opened.read(2) != b"PK":
            return
        try:
            unpacked = sum(entry.file_size for entry in zipfile.ZipFile(opened).infolist())
        except zipfile.BadZipFile as exc:
            raise TableInvalid(f"{path.name}: damaged workbook; save it again") from exc
    if unpacked > MAX_UNPACKED_BYTES:
        raise TableInvalid(f"{path.name}: the workbook unpacks to more than 1 GiB; split it")
