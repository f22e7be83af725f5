"""Compare the header of a table with its mapping, and say how a near miss can be mended."""

from __future__ import annotations

from collections import Counter
from typing import Final

from records.faults import CellFault, CellFaultCode
from records.mapping import Mapping

_SEPARATORS: Final = (";", "\t", ",", "|")


def header_faults(names: list[str], mapping: Mapping) -> list[CellFault]:
    """Return what keeps a header from fitting the mapping.

    Columns without a name, and ignored ones, may repeat.
    """
    mapped = mapping.columns()
    known = {*mapped, *mapping.ignore, ""}
    counts = Counter(names)
    faults = [CellFault(0, name, CellFaultCode.COLUMN_TWICE) for name in mapped if counts[name] > 1]
    for name in mapped:
        if name not in counts:
            facts = {"hint": _hint(name, names, mapping)}
            faults.append(CellFault(0, name, CellFaultCode.COLUMN_MISSING, facts=facts))
    unmapped = dict.fromkeys(name for name in names if name not in known)
    return faults + [CellFault(0, name, CellFaultCode.COLUMN_UNMAPPED) for name in unmapped]


def _hint(name: str, names: list[str], mapping: Mapping) -> str:
    """Return what the header has in place of a missing column, "" if nothing is near."""
    if len(names) == 1:
        for separator in _SEPARATORS:
            if separator != mapping.file.separator and name in _split(names[0], separator):
                escaped = "\\t" if separator == "\t" else separator
                return f' (the file is separated by another character: set separator = "{escaped}")'
    near = [each for each in names if _folded(each) == _folded(name)]
    if near:
        return f" (it has {near[0]!r})"
    is_title = sum(1 for each in names if each) <= 1 and len(names) > 0
    if is_title:
        return " (if lines are above the header, set skip to their number)"
    return ""


def _split(text: str, separator: str) -> list[str]:
    return [part.strip().strip('"') for part in text.split(separator)]


def _folded(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())
