"""Read the unit that the name of a column states, such as mg/dL in `Krea [mg/dl]`."""

from __future__ import annotations

import re
from typing import Final

from records.units import ucum_unit
from records.variables import spaced

_UNITS: Final = (
    (r"kg ?/? ?m ?\^?2$|kgm2$", "kg/m2"),
    (r"mg ?/? ?dl$", "mg/dL"),
    (r"\bug ?dl$", "ug/dL"),
    (r"\bug ?l$", "ug/L"),
    (r"ng ?/? ?ml$", "ng/mL"),
    (r"\bng ?l$", "ng/L"),
    (r"pg ?/? ?ml$", "pg/mL"),
    (r"mmol ?/? ?l$", "mmol/L"),
    (r"\bmmol ?mol$", "mmol/mol"),
    (r"\bumol ?l$", "umol/L"),
    (r"\bnmol ?l$", "nmol/L"),
    (r"\bpmol ?l$", "pmol/L"),
    (r"mg ?/? ?l$", "mg/L"),
    (r"\bg ?dl$", "g/dL"),
    (r"\bg ?l$", "g/L"),
    (r"\b(lbs?|pounds?)\b", "[lb_av]"),
    (r"\binch(es)?\b", "[in_i]"),
    (r"\bfahrenheit\b|\btemp(erature)? f$", "[degF]"),
    (r"\bm ?i?u ?l$", "m[IU]/L"),
    (r"\bk ?i?u ?l$", "k[IU]/L"),
    (r"(?<![0-9] )(?<!\b[a-z] )(?<!\bper )(?<!\bcells )(?<!\b[mukn] i)\bi?u ?l$", "U/L"),
    (r"mm ?hg$", "mm[Hg]"),
    (r"kcal\b", "kcal"),
    (r"\b(kg|kilograms?)\b", "kg"),
    (r"\bcm ?h2o\b", "cm[H2O]"),
    (r"\b(cm|centimet(er|re)s?)\b", "cm"),
    (r"\bmg\b", "mg"),
    (r"\b(gm|grams?)\b", "g"),
    (r"\bmg%", "mg/dL"),
    (r"\bg%", "g/dL"),
    (r"\b(percent|pct)\b|%", "%"),
    (r"\bhours?\b|\bhrs\b", "h"),
    (r"\bminutes?\b|\bmins\b", "min"),
    (r"\bdays?\b", "d"),
    (r"\bmonths?\b", "mo"),
    (r"\byears?\b|\byrs?\b", "a"),
    (r"thalach|thalch|max heart", "/min"),
    (r"\boldpeak\b|\bst depression\b", "mm"),
)
_IN_BRACKETS: Final = re.compile(r"[\[(]([^\[\]()]+)[\])]\s*$")
_ENDS: Final = re.compile(r"[\s,;:()\[\]]")
_BRACKETS: Final = re.compile(r"[()\[\]]")


def unit_in_name(name: str) -> str:
    """Return the UCUM unit that a column's name states, "1" if there is none."""
    text = _around_slash(name)
    whole = _whole_unit(text) if text else ""
    if whole:
        usual = guess_unit(text.split()[0])
        return usual if usual.lower() == whole.lower() else whole  # such as mg/L for mg/l
    unit = guess_unit(name)
    if unit == "1" and (match := _IN_BRACKETS.search(name)):
        unit = ucum_unit(match[1]) or "1"
    return unit


def _around_slash(name: str) -> str:
    """Return what is around a slash, such as `mg/l FEU` in `D-Dimer (mg/l FEU)`, or ""."""
    before, slash, after = name.partition("/")
    return f"{_ENDS.split(before)[-1]}/{_BRACKETS.split(after)[0]}" if slash else ""


def _whole_unit(text: str) -> str:
    """Return the unit of a text with a slash; "1" if only a part of it can be read, else "".

    A part would be another unit: mg of mg/24h, and U/l of kU/l.
    """
    first = text.split()[0]
    unit = ucum_unit(text) or ucum_unit(first)
    is_part = any(map(ucum_unit, first.split("/")))
    return unit or ("1" if is_part else "")


def guess_unit(name: str) -> str:
    """Return the UCUM unit that a column's words end with or contain, "1" if there is none."""
    words = spaced(name)
    return next((unit for pattern, unit in _UNITS if re.search(pattern, words)), "1")
