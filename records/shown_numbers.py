"""Say what a cell shows whose file has another number: 97% for 0.97, and 000001 for 1."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from records.cells import MAX_WHOLE

BUILT_IN: Final = {9: "0%", 10: "0.00%"}
"""The formats of percentages that no file defines (ECMA-376, part 1, 18.8.30)."""
Display = Callable[[str], str]
"""Returns what a cell shows of a number, "" for a number that is shown as it is."""
_LITERAL: Final = re.compile(r'"[^"]*+"?|\\.|_.|\*.')
_PERCENT: Final = "%"
_PART: Final = re.compile(
    r'"(?P<quoted>[^"]*+)"?|\\(?P<escaped>.)|(?P<sign>[-/() +])'
    r"|(?P<digit>[0#]|General)|(?:_.|\*.|\[\$-[^\]]*+\])"
)
"""A part of the format of an id: a text, a place for a digit, or what changes no character."""
_SHOWN_ID: Final = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9 ./#-]*+(?<=[0-9])|[0-9][0-9/-]*+(?<=[0-9]))\Z"
)


def find_display(code: str) -> Display | None:
    """Return how a format shows numbers, if not as they are: as percentages, or as ids."""
    if _PERCENT in _LITERAL.sub("", code):  # a quoted percent sign is a text
        return show_percent
    parts, at = list[str](), 0
    section = _first_section(code)
    while at < len(section):
        match = _PART.match(section, at)
        if match is None:
            return None
        at = match.end()
        text = match["quoted"] or match["escaped"] or match["sign"] or ""
        parts += [f"'{text}"] if text else []
        parts += [match["digit"]] if match["digit"] else []
    return partial(_show_id, parts) if _is_of_ids(parts) else None


def _first_section(code: str) -> str:
    """Return the part of a format that is for numbers above zero."""
    plain = _LITERAL.sub(lambda match: "x" * len(match[0]), code)
    return code[: plain.index(";")] if ";" in plain else code


def _is_of_ids(parts: Sequence[str]) -> bool:
    """Return whether zeros at the start, or a text before the digits, is a part of the number."""
    places = [index for index, part in enumerate(parts) if part[0] != "'"]
    if not places or places[-1] != len(parts) - 1:  # a text at the end may be a unit
        return False
    has_word = any(map(str.isalnum, "".join(part[1:] for part in parts[: places[0]])))
    is_split = places[-1] - places[0] >= len(places)
    is_zeros = all(parts[index] == "0" for index in places)
    return is_zeros and len(places) > 1 if is_split or not has_word else True


def _show_id(parts: Sequence[str], value: str) -> str:
    number = _finite(value)
    if not (number.is_integer() and 0 <= number < MAX_WHOLE):
        return ""
    digits = str(int(number)).zfill(parts.count("0"))
    places = sum(1 for part in parts if part[0] != "'")
    digits = digits.rjust(places)
    text, first = "", len(digits) - places + 1  # the first place shows all digits before it
    for part in parts:
        if part[0] == "'":
            text += part[1:]
        else:
            text, digits, first = text + digits[:first].strip(), digits[first:], 1
    return text


def shown_id(value: str, text: str) -> str:
    """Return the text of a cell that shows a number as an id, such as 000001; "" for another."""
    number = _finite(value)
    digits = re.sub(r"[^0-9]", "", text)
    is_id = _SHOWN_ID.match(text) is not None and text != digits.lstrip("0")
    return text if is_id and digits.isdecimal() and float(digits) == number else ""


def show_percent(value: str) -> str:
    """Return a number as a percentage; "" for what is no finite number.

    Spreadsheets write 0.97 as 0.96999999999999997, which is the same number to them.
    """
    number = _finite(value)
    hundredfold = Decimal(repr(number)) * 100 if math.isfinite(number) else None
    return "" if hundredfold is None else f"{hundredfold.normalize():f}{_PERCENT}"


def _finite(value: str) -> float:
    """Return the number of a text, NaN if it is none."""
    try:
        number = float(value)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
