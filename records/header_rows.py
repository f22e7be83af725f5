"""Join the names of columns that are written in several rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

SEPARATOR: Final = " / "
MAX_HEADER_ROWS: Final = 5
MAX_COLUMNS: Final = 5_000
MAX_HEADING_CHARACTERS: Final = 500
"""A heading is repeated in the name of each column below it."""
Row = Sequence[str]


class NamesPlace(NamedTuple):
    """Where the names of the columns are: below `skip` lines, in `header_rows` rows."""

    skip: int
    header_rows: int


def can_be_joined(rows: Sequence[Row]) -> bool:
    """Return whether rows have few enough columns, and short enough cells, for names."""
    return all(
        len(row) <= MAX_COLUMNS and max(map(len, row), default=0) <= MAX_HEADING_CHARACTERS
        for row in rows
    )


def join_header(rows: Sequence[Row]) -> list[str]:
    """Return one name for each column: its headings from the top, as in `Blood / crp`.

    A heading over several columns is in the cell of the first: the empty cells right of it have it
    too, if they have a name below. A name with nothing below it is no such heading.
    """
    width = max(map(len, rows), default=0)
    cells = [[cell.strip() for cell in row] + [""] * (width - len(row)) for row in rows]
    parts: list[list[str]] = [[] for _ in range(width)]
    for number, row in enumerate(cells):
        heading = ""
        for place, cell in enumerate(row):
            has_name_below = any(below[place] for below in cells[number + 1 :])
            if cell:
                heading = cell if has_name_below else ""
            parts[place].append(cell or (heading if has_name_below else ""))
    return [SEPARATOR.join(dict.fromkeys(filter(None, column))) for column in parts]


def last_name(name: str) -> str:
    """Return the lowest part of a joined name."""
    return name.rpartition(SEPARATOR)[2]
