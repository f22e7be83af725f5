"""Read the text of a cell: missing values, numbers with their bounds, and people's ids."""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from records.faults import CellFaultCode, CellInvalid

MAX_ID_CHARACTERS: Final = 200
MAX_LABEL_CHARACTERS: Final = 60
USUAL_MISSING: Final = frozenset(
    {"", "NA", "na", "N/A", "n/a", "NaN", "nan", "NAN", "NULL", "Null", "null", "None", "none"}
    | {".", "-", "--", "<NA>", "NaT", "nat"}
)
"""What programs write into a cell without a value."""
SPREADSHEET_ERRORS: Final = frozenset(
    {"#DIV/0!", "#N/A", "#NA", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#ERROR!"}
    | {"#SPILL!", "#CALC!", "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!"}
)
"""What a spreadsheet shows where a formula failed: neither a value nor a missing one."""
SheetErrors = dict[int, dict[int, str]]
"""Row and column, both from 0 -> what the cell shows, such as `#DIV/0!`, `97%` or `000001`."""
_SUMS: Final = frozenset(
    {"total", "totals", "subtotal", "sub-total", "subtotals", "gesamt", "gesamtsumme", "summe"}
    | {"zwischensumme", "suma", "subtotales", "totaux", "sous-total", "totale", "subtotale"}
)
"""Words that begin no id, also with another word behind them, as in `Subtotal Ward B`."""
TOTALS: Final = _SUMS | frozenset(
    {"grand total", "sum", "average", "mean", "median", "mittelwert", "durchschnitt"}
    | {"count", "anzahl", "media", "promedio", "somme", "moyenne"}
)
"""First cells of the lines that a spreadsheet adds below its rows."""

MEASURED: Final = re.compile(
    r"(?:[<>≤≥]=?)?\s*([+-]?[0-9][0-9.,']*+)\s*+([A-Za-zµ°%\[\]/^*.]+[²23]?|10[*^][0-9]+/[A-Za-zµ]+)\Z"
)
"""A number with a unit behind it, such as `5 mg/L` or `55%`."""
_LABEL: Final = re.compile(r"(.+?)\s*(?:[(:=±]|\s\d|\bn\b)")
"""What stands before the count or the sign in `Total (n=312)` or `Mean ± SD`."""
_REMARK: Final = re.compile(
    r"[*#†‡§]|(?:notes?|source|legende?|stand|quelle|hinweise?|anmerkung(?:en)?|fuente|notas?|n)\s*[:=]"
    r"|stand\s+\d",
    re.IGNORECASE,
)
"""How a remark such as `* at site 2` or `Source: LIS` begins."""
_REMARK_WORDS: Final = 3
"""A text of so many words is a remark too; ids have fewer."""
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII
)
_WHOLE: Final = re.compile(r"(-?[0-9]+)\.0+", re.ASCII)
_ROUNDED: Final = re.compile(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+", re.ASCII)
_BOUND: Final = re.compile(r"(<=|>=|<|>)\s*+(.+)")
_DATUM: Final = re.compile(
    r"[<>+-]?\d+(?:[.,]\d+)?\Z|\d{4}-\d\d-\d\d|\d\d?\.\d\d?\.\d{2,4}\Z|\d\d?/\d\d?/\d{2,4}\b"
)
MAX_WHOLE: Final = 2.0**53
"""Below it a float has every digit of a whole number."""
_SPACES: Final = (" ", "\u00a0", "\u202f", "\u2009", "\u2007")
"""A blank between thousands, as spreadsheets of different languages write it."""
APOSTROPHES: Final = ("'", "\u2019")
"""Between thousands in Switzerland."""


def normalised(cell: str) -> str:
    """Return the cell in Unicode NFC without outer spaces, and a whole number without `.0`.

    Data frames write 1 as 1.0, decimals write it as 1.00, and macOS writes ü as two characters.
    """
    cell = cell.strip()
    if not cell.isascii():
        cell = unicodedata.normalize("NFC", cell)
    whole = _WHOLE.fullmatch(cell) if "." in cell else None
    return whole[1] if whole else cell


def is_datum(cell: str) -> bool:
    """Return whether a cell is a number or a day, which no name of a column is."""
    return _DATUM.match(cell) is not None


def shape(text: str) -> str:
    """Return how a text looks: 9 for digits, a for letters; it says nothing about a person."""
    marks = re.sub(r"[^\W\d_]+", "a", re.sub(r"\d", "9", text))
    return marks if len(marks) <= 24 else marks[:23] + "…"


def is_note(cells: Sequence[str], place: int = 0) -> bool:
    """Return whether a line has a remark in its first cell, or that of the id, and nothing else."""
    filled = [index for index, cell in enumerate(cells) if cell.strip()]
    if len(filled) != 1 or filled[0] not in (0, place):
        return False
    text = cells[filled[0]].strip()[:MAX_ID_CHARACTERS]
    words = [word for word in text.split() if sum(map(str.isalpha, word)) >= 2]
    return len(words) >= _REMARK_WORDS or _REMARK.match(text) is not None


def is_total(cell: str) -> bool:
    """Return whether the first cell of a line says that it sums up the lines above it."""
    text = cell.strip().casefold()
    label = _LABEL.match(text[:MAX_LABEL_CHARACTERS])
    is_sum = text.partition(" ")[0] in _SUMS
    return is_sum or text in TOTALS or (label is not None and label[1] in TOTALS)


def is_row(cells: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether a line is a row: not empty, a total, a remark or the repeated names."""
    if is_total(cells[0]) or is_note(cells) or not any(map(str.strip, cells)):
        return False
    return [cell.strip() for cell in cells] != names


def read_person(cell: str) -> str:
    """Return the id of a person: 7, 7.0, ="7" and '7 are one id; 007 is another.

    Raises:
        CellInvalid: it is missing, too long, or a number that a spreadsheet rounded.
    """
    text = cell.strip()
    if text.startswith('="') and text.endswith('"'):  # how spreadsheets keep leading zeros
        text = text[2:-1]
    elif text.startswith("'"):  # so do people who type into spreadsheets
        text = text[1:].removesuffix("'")
    text = normalised(text)
    if text in SPREADSHEET_ERRORS:
        raise CellInvalid(CellFaultCode.SPREADSHEET_ERROR)
    is_printable = 0 < len(text) <= MAX_ID_CHARACTERS and text.isprintable()
    if not is_printable or text in USUAL_MISSING:
        raise CellInvalid(CellFaultCode.INVALID_ID, maximum=MAX_ID_CHARACTERS)
    if _ROUNDED.fullmatch(text):
        raise CellInvalid(CellFaultCode.ROUNDED_ID)
    return text


def plain_id(person: str) -> str:
    """Return an id as a reader sees it: without leading zeros, and with one kind of each sign."""
    if not person.isascii():
        signs = unicodedata.normalize("NFKC", person)
        person = "".join("-" if unicodedata.category(sign) == "Pd" else sign for sign in signs)
    return " ".join(person.casefold().split()).lstrip("0") or "0"


def cell_text(cell: Any, decimal: str) -> str:
    """Return a typed cell as the text that a CSV file would hold."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime.date):
        return cell.isoformat()
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < MAX_WHOLE:
        return str(int(cell))
    if isinstance(cell, float | Decimal):
        return normalised(str(cell)).replace(".", decimal)
    return str(cell)


@dataclass(frozen=True, slots=True)
class Bounded:
    """A value below or above what could be measured, such as `<0.5`.

    Attributes:
        value: the number that the mapping's rule gives, or None if the rule is `missing`.
        text: the bound in canonical form, such as `<0.5`.
    """

    value: float | None
    text: str


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a table writes numbers.

    Attributes:
        decimal: the decimal separator.
        thousands: what separates groups of three digits, "" if nothing does.
        below: a further word for `<`, such as "under"; `<` and `≤` are always read.
        above: a further word for `>`.
    """

    decimal: str = "."
    thousands: str = ""
    below: str = "<"
    above: str = ">"

    def read(self, text: str, unit: str = "") -> tuple[float, str]:
        """Return the number of a cell without outer spaces, and its bound: "", <, <=, > or >=.

        A unit behind the number is read if it is the column's own.

        Raises:
            CellInvalid: it is not a finite number.
        """
        if self.decimal == "." and _NUMBER.fullmatch(text):
            return _finite(text), ""
        match = _BOUND.fullmatch(self._with_signs(text))
        bound, digits = (match[1], match[2]) if match else ("", self._with_signs(text))
        return _finite(self._plain(_without_unit(digits, unit))), bound

    def _with_signs(self, text: str) -> str:
        text = text.replace("\u2212", "-").replace("\u2264", "<=").replace("\u2265", ">=")
        for word, sign in ((self.below, "<"), (self.above, ">")):
            if text.startswith(word):
                return sign + text[len(word) :]
        return text

    def _plain(self, text: str) -> str:
        """Return the digits with a decimal point, or "" if points and groups are ambiguous."""
        whole, separator, fraction = text.partition(self.decimal)
        # With a decimal comma 1.000 may mean a thousand, so that a point is refused.
        if self.decimal != "." and "." in whole + fraction and self.thousands != ".":
            return ""
        for mark in self._marks():
            if mark in whole:
                groups = whole.lstrip("+-").split(mark)
                if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
                    return ""
                whole = whole.replace(mark, "")
        return f"{whole}.{fraction}" if separator else whole

    def _marks(self) -> tuple[str, ...]:
        if self.thousands in _SPACES:
            return _SPACES
        if self.thousands in APOSTROPHES:
            return APOSTROPHES
        return (self.thousands,) if self.thousands else ()


def _without_unit(text: str, unit: str) -> str:
    """Return a number without the unit behind it.

    The digits of a unit can be those of the number: 2,1 has no unit 1, and 71/min not 1/min.
    """
    rest = text.removesuffix(unit)
    is_apart = not unit[:1].isdigit() or rest[-1:].isspace()
    return rest.rstrip() if is_apart and not unit.isdigit() else text


def _finite(text: str) -> float:
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise CellInvalid(CellFaultCode.NOT_A_NUMBER)
    return number
