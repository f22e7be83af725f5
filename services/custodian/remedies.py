"""Find the text that says what to do about a fault in a file."""

from __future__ import annotations

from typing import Final

from records import CellFaultCode
from services.words import Words

_TEXTS: Final = {
    CellFaultCode.OUTSIDE: "cure-range",
    CellFaultCode.NOT_A_NUMBER: "cure-number",
    CellFaultCode.UNKNOWN_VALUE: "cure-values",
    CellFaultCode.NOT_A_BOOLEAN: "cure-truth",
    CellFaultCode.NOT_A_DATE: "cure-date",
    CellFaultCode.DUPLICATE_PERSON: "cure-twice",
    CellFaultCode.DUPLICATE_CODE: "cure-twice",
    CellFaultCode.INVALID_ID: "cure-id",
    CellFaultCode.COLUMN_MISSING: "cure-column-missing",
    CellFaultCode.COLUMN_UNMAPPED: "cure-column-unmapped",
    CellFaultCode.COLUMN_TWICE: "cure-column-twice",
    CellFaultCode.CELL_COUNT: "cure-cells",
    CellFaultCode.UNSUPPORTED_RESOURCE: "cure-kind",
    CellFaultCode.UNKNOWN_SUBJECT: "cure-subject",
}


def remedy(words: Words, code: CellFaultCode) -> str:
    """Return what to do about a fault with this code, as a sentence."""
    text = _TEXTS.get(code)
    return words(text) if text else code.remedy
