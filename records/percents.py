"""Say what a cell with the format of a percentage shows: its file has 0.97 where it shows 97%."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Final

BUILT_IN: Final = {9: "0%", 10: "0.00%"}
"""The formats of percentages that no file defines (ECMA-376, part 1, 18.8.30)."""
_LITERAL: Final = re.compile(r'"[^"]*+"?|\\.|_.|\*.')
_PERCENT: Final = "%"


def is_percent(code: str) -> bool:
    """Return whether a format multiplies by a hundred; a quoted percent sign is a text."""
    return _PERCENT in _LITERAL.sub("", code)


def show_percent(value: str) -> str:
    """Return a number as a percentage; "" for what is no finite number.

    Spreadsheets write 0.97 as 0.96999999999999997, which is the same number to them.
    """
    try:
        number = float(value)
    except ValueError:
        return ""
    hundredfold = Decimal(repr(number)) * 100 if math.isfinite(number) else None
    return "" if hundredfold is None else f"{hundredfold.normalize():f}{_PERCENT}"
