"""Write CSV files whose cells no spreadsheet runs as a formula, whatever text they hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""How a cell begins that a spreadsheet may run (OWASP, CSV Injection); some read the wide signs of
Chinese and Japanese as the plain ones."""
_MARK: Final = "'"
"""Before such a text: spreadsheets then show the cell as it is."""


def to_csv(rows: Iterable[Sequence[object]], line_end: str = "\r\n") -> str:
    """Return rows as CSV (RFC 4180); every text is in quotes, and none is a formula.

    Without the quotes, a spreadsheet that separates by semicolons, as in German and Spanish, would
    begin a new cell after each semicolon of a text, and that cell could be a formula.
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator=line_end)
    writer.writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue()


def _safe(cell: object) -> object:
    is_formula = isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA)
    return f"{_MARK}{cell}" if is_formula else cell
