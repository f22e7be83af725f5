"""Notice that the names of a table without a mapping are written in several rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from records.cells import USUAL_MISSING, is_datum, shape
from records.errors import TableInvalid
from records.header_rows import MAX_HEADER_ROWS, NamesPlace, Row
from records.mapping import FileFormat
from records.table_file import read_cells
from records.units import ucum_unit

PROBED_LINES: Final = 30
MIN_DATA: Final = 2
"""A full row of words above this many columns of numbers or days is a row of names."""


def with_header_rows(path: Path, file: FileFormat, names: NamesPlace | None) -> FileFormat:
    """Return the format with further rows of names than the one that was found, or with `names`."""
    if names is not None:
        return replace(file, **names._asdict())
    try:
        lines = list(islice(read_cells(path, replace(file, skip=0)), PROBED_LINES))
    except TableInvalid:
        return file  # reading the table says why
    places = (n for n, (line, cells) in enumerate(lines) if line > file.skip and any(cells))
    header = next(places, None)
    # Names that are fewer than the cells of a row are taken for a title.
    _refuse_row_names(path, [cells for _, cells in lines][max((header or 0) - 1, 0) :])
    if header is None:  # a Parquet file has no lines
        return file
    first, count = find_header_rows([cells for _, cells in lines], header)
    if count == 1 and first == header:
        return file
    return replace(file, skip=lines[first][0] - 1 if first else 0, header_rows=count)


def _refuse_row_names(path: Path, rows: Sequence[Row]) -> None:
    """Refuse a table whose first column alone has no name, as R writes numbers of rows.

    Raises:
        TableInvalid: each row has one cell more than the header, so the names fit other columns.
    """
    width = len(rows[0]) if rows else 0
    below = rows[1:]
    has_more = below and all(len(cells) == width + 1 and cells[-1] for cells in below)
    if width > 1 and has_more and any(is_datum(cell.strip()) for cell in below[0]):
        problem = "each row has one cell more than the header. Name the first column too, or from R"
        raise TableInvalid(f"{path.name}: {problem} use write.csv with row.names = FALSE")


def find_header_rows(rows: Sequence[Row], header: int) -> tuple[int, int]:
    """Return the first row of names and how many rows of them there are.

    Args:
        rows: the first ones of a table without a mapping.
        header: the place of the row that looks most like the header.
    """
    first, last = header, header
    while first > 0 and last - first < MAX_HEADER_ROWS - 1:
        if not _are_headings(rows[first - 1], rows[first]):
            break
        first -= 1
    while last + 1 < len(rows) and last - first < MAX_HEADER_ROWS - 1:
        if not _are_names(rows[last], rows[last + 1], rows[last + 2 :]):
            break
        is_title = any(is_datum(cell.strip()) for cell in rows[last])
        last += 1
        first = last if is_title else first
    return first, last - first + 1


def _are_headings(row: Row, names: Row) -> bool:
    """Return whether a row above the names heads groups of them; a title stands at the left."""
    places = [place for place, cell in enumerate(row) if cell.strip()]
    if not places or len(places) == len(names) or places[-1] >= len(names):
        return False
    is_title = places[0] == 0 and places[-1] < 2  # noqa: PLR2004 - two cells, such as `Day: today`
    cells = [row[place].strip() for place in places]
    has_names = all(names[place].strip() for place in places)
    return has_names and not is_title and not any(map(is_datum, cells))


def _are_names(upper: Row, row: Row, following: Sequence[Row]) -> bool:
    """Return whether a row below names holds names too: words above numbers or days."""
    places = [place for place, cell in enumerate(row) if cell.strip()]
    cells = [row[place].strip() for place in places]
    is_under_gap = any(place >= len(upper) or not upper[place].strip() for place in places)
    if any(map(is_datum, cells)) or all(map(ucum_unit, cells)):
        return False
    if not is_under_gap:
        return _is_complete(row, following)
    above_data = [place for place in places if _is_data(place, following)]
    return 2 * len(above_data) >= len(places)


def _is_complete(row: Row, following: Sequence[Row]) -> bool:
    """Return whether a row names each column of numbers or days, and does not look like data.

    Its words then differ from each other and from all cells below. None has the shape of the cells
    below it, as P0 above P1 has.
    """
    cells = [cell.strip() for cell in row]
    words = [cell.casefold() for cell in cells if cell]
    data = [place for place in range(len(row)) if _is_data(place, following)]
    named = [cells[place] for place in data if cells[place] not in USUAL_MISSING]
    has_names = len(named) == len(data) >= MIN_DATA and len(set(words)) == len(words)
    if not has_names or 2 * sum(map(bool, map(ucum_unit, named))) > len(named):
        return False
    return not any(_is_like(cells[place], place, following) for place in range(len(row)))


def _is_like(cell: str, place: int, rows: Sequence[Row]) -> bool:
    below = {row[place].strip() for row in rows if place < len(row)}
    return bool(cell) and (
        cell in below or ("9" in shape(cell) and shape(cell) in map(shape, below))
    )


def _is_data(place: int, rows: Sequence[Row]) -> bool:
    cells = [row[place].strip() for row in rows if place < len(row) and row[place].strip()]
    return 0 < len(cells) <= 2 * sum(map(is_datum, cells))
