"""Convert numbers between UCUM units, by molar rules, and by the habits of a sender."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from records.values import ANNOTATION, is_short_unit, is_unit

_DIGITS: Final = 12
_MAX_CELL_CHARACTERS: Final = 40
"""A longer cell holds a sentence, not a unit."""
_MAX_CACHED_CHARACTERS: Final = 256
"""A longer text would stay in memory, with thousands of others."""
_EQUIVALENTS: Final = re.compile(r"(?<![a-z])[mukn]?eq(?![a-z])")
_MOLAR_PAIRS: Final = (("g/L", "mol/L"), ("g", "mol"), ("g/kg", "mol/kg"), ("g/d", "mol/d"))
_SPELLINGS: Final = MappingProxyType(
    {
        "mmHg": "mm[Hg]",
        "bpm": "/min",
        "beats/min": "/min",
        "beats/minute": "/min",
        "breaths/min": "/min",
        "breaths/minute": "/min",
        "kg/m²": "kg/m2",
        "kg/m^2": "kg/m2",
        "°C": "Cel",
        "°F": "[degF]",
        "µg/L": "ug/L",
        "µg/dL": "ug/dL",
        "µmol/L": "umol/L",
        "IU/L": "[IU]/L",
        "IU/mL": "[IU]/mL",
        "mIU/L": "m[IU]/L",
        "lbs": "[lb_av]",
        "lb": "[lb_av]",
        "in": "[in_i]",
        "inches": "[in_i]",
        "years": "a",
        "yr": "a",
        "days": "d",
        "percent": "%",
    }
)
"""Texts that are no UCUM units, and the unit that everybody means by them."""


_WORDS: Final = MappingProxyType(
    {
        **dict.fromkeys(
            ("year", "years", "yr", "yrs", "y", "jahr", "jahre", "ano", "año", "años"), "a"
        ),
        **dict.fromkeys(("month", "months", "monat", "monate", "mes", "meses"), "mo"),
        **dict.fromkeys(("week", "weeks", "woche", "wochen", "semana", "semanas"), "wk"),
        **dict.fromkeys(("day", "days", "tag", "tage", "día", "días", "dias"), "d"),
        **dict.fromkeys(("hour", "hours", "hr", "hrs", "std", "stunden", "horas"), "h"),
        **dict.fromkeys(("minute", "minutes", "mins", "minuten", "minutos"), "min"),
        **dict.fromkeys(("sec", "secs", "second", "seconds", "sekunden", "sek"), "s"),
        **dict.fromkeys(("prozent", "pct", "por ciento"), "%"),
        **dict.fromkeys(("mm hg", "mmhg", "torr"), "mm[Hg]"),
        "ie/l": "[IU]/L",
        "grad celsius": "Cel",
        "celsius": "Cel",
    }
)
"""Words and spellings that senders and rows of units use, in lower case."""
_COUNTS: Final = MappingProxyType(
    {
        **dict.fromkeys(("K/uL", "k/uL", "Tsd/uL", "Tsd./uL", "tsd/ul", "thou/uL"), "10*3/uL"),
        **dict.fromkeys(("K/ul", "k/ul", "Tsd/ul", "Tsd./ul", "K/mm3", "K/mcL"), "10*3/uL"),
        **dict.fromkeys(("M/uL", "Mio/uL", "Mio./uL", "mill/uL", "M/ul", "Mio/ul"), "10*6/uL"),
        **dict.fromkeys(("Mio./ul", "Mill/ul", "M/mm3", "M/mcL"), "10*6/uL"),
        **dict.fromkeys(("G/L", "G/l", "Gpt/L", "Gpt/l", "Giga/l"), "10*9/L"),
        **dict.fromkeys(("T/L", "T/l", "Tpt/L", "Tpt/l", "Tera/l"), "10*12/L"),
        **dict.fromkeys(("cells/uL", "cells/ul", "Zellen/ul", "Zellen/uL"), "/uL"),
        **dict.fromkeys(("cells/mm3", "Zellen/mm3"), "/mm3"),
        **dict.fromkeys(("mEq/L", "mEq/l", "mval/L", "mval/l"), "meq/L"),
        **{"g%": "g/dL", "mg%": "mg/dL", "mcg": "ug", "cmH2O": "cm[H2O]"},
        **{"mcg/L": "ug/L", "mcg/dL": "ug/dL", "mcg/mL": "ug/mL", "mIU/mL": "m[IU]/mL"},
        **dict.fromkeys(("uIU/mL", "uIU/ml"), "u[IU]/mL"),
        **dict.fromkeys(("kIU/L", "kIU/l"), "k[IU]/L"),
    }
)
"""Units of tables. UCUM reads some as others: K/uL as kelvins, and G/l as gauss, in a volume."""
_POWER: Final = re.compile(r"^[x×*·]?\s*10\s*(?:\^|\*|E)\s*(\d+)", re.IGNORECASE)
_FIRST_SIGN: Final = re.compile(r"[A-Za-zµμ°%/\[{]")


def ucum_unit(text: str) -> str:
    """Return the unit of UCUM that a text such as `[mg/dl]` or `Jahre` means, "" if it is none."""
    return _ucum_unit(text) if len(text) <= _MAX_CACHED_CHARACTERS else ""


@lru_cache(maxsize=2**12)
def _ucum_unit(text: str) -> str:
    bare = text.strip()
    # In brackets UCUM writes units such as [degF], and a whole unit may be in parentheses.
    for spelled in dict.fromkeys((bare.strip("()").strip(), bare, bare.strip("[]()").strip())):
        plain = re.sub("[µμ]", "u", spelled).replace("³", "3")
        unit = _SPELLINGS.get(spelled) or _SPELLINGS.get(plain) or _WORDS.get(plain.lower())
        unit = unit or _COUNTS.get(plain)
        plain = unit or _POWER.sub(r"10*\1", plain)
        is_named = _FIRST_SIGN.search(plain.removeprefix("10*")) is not None
        if 0 < len(plain) <= _MAX_CELL_CHARACTERS and is_named and is_unit(plain):
            return plain
    return ""


class Conversion(NamedTuple):
    """A value in the new unit is `scale` times the old value plus `offset`."""

    scale: float
    offset: float = 0.0
    rule: str = ""


SAME: Final = Conversion(1.0)


@dataclass(frozen=True, slots=True)
class UnitRules:
    """What a question says of units.

    Attributes:
        habits: by code and the unit as written, the UCUM unit that the sender means by it.
        molar: by code, the grams of one mole.
    """

    habits: Mapping[tuple[str, str], str] = field(default_factory=dict)
    molar: Mapping[str, float] = field(default_factory=dict)

    def find_conversion(self, code: str, unit: str, target: str) -> Conversion | None:
        """Return how values of a code are converted; None if nothing says how.

        `rule` of the result is empty, ``habit``, ``ucum`` or ``molar``.
        """
        meant = self.habits.get((code, unit), unit)
        rule = "" if meant == unit else "habit"
        conversion = find_conversion(meant, target)
        if conversion is None and code in self.molar:
            conversion = _find_molar(meant, target, self.molar[code])
        if conversion is None:
            return None
        return conversion._replace(rule=conversion.rule or rule)


def find_conversion(unit: str, target: str) -> Conversion | None:
    """Return the conversion between two UCUM units; None if there is none, or it is not safe.

    Annotations mean nothing (`{score}` is 1), but a rate per annotation, such as a clearance per
    `{1.73_m2}`, is only equal to itself. Equivalents and moles differ by the charge, and a share
    in percent differs from a molar share by a formula: neither is converted.
    """
    if unit == target:
        return SAME
    is_short = max(len(unit), len(target)) <= _MAX_CACHED_CHARACTERS
    return _find_conversion(unit, target) if is_short else None


@lru_cache(maxsize=2**14)
def _find_conversion(unit: str, target: str) -> Conversion | None:
    plain, plain_target = _plain(unit), _plain(target)
    if plain == plain_target:
        return SAME
    # A number without a unit may be in any: only where none is expected, it is read.
    if not unit.strip() or not _is_comparable(plain, plain_target):
        return None
    return _convert(plain, plain_target)


def _plain(unit: str) -> str:
    """Return a unit without annotations; `1` if nothing else is in it."""
    spelled = _SPELLINGS.get(unit.strip(), unit.strip())
    return ANNOTATION.sub("", spelled) or "1"


def _is_comparable(unit: str, target: str) -> bool:
    if bool(_EQUIVALENTS.search(unit)) != bool(_EQUIVALENTS.search(target)):
        return False
    return ("mol/mol" in unit) == ("mol/mol" in target)


def _find_molar(unit: str, target: str, grams: float) -> Conversion | None:
    for mass, amount in _MOLAR_PAIRS:
        for start, end, factor in ((mass, amount, 1 / grams), (amount, mass, grams)):
            first, last = find_conversion(unit, start), find_conversion(end, target)
            if first is not None and last is not None:
                scale = _round(first.scale * factor * last.scale)
                return Conversion(scale, 0.0, "molar")
    return None


def _convert(unit: str, target: str) -> Conversion | None:
    source, result = _parse(unit), _parse(target)
    if source is None or result is None:
        return None
    import pint

    registry = _registry()
    try:
        low, high = (
            float(registry.Quantity(number * source.magnitude, source.units).to(result.units).m)
            / float(result.magnitude)
            for number in (0.0, 1.0)
        )
    except (pint.PintError, ArithmeticError, ValueError):
        return None
    if not 0 < abs(high - low) < math.inf:  # a scale beyond a float, such as that of 10*-999.mg
        return None
    # Rounded: the last bits of a factor depend on the order of multiplications in the library.
    return Conversion(_round(high - low), _round(low), "ucum")


def _round(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


@lru_cache(maxsize=1)
def _registry() -> Any:
    # Loaded on the first pair of different units only: it takes seconds.
    from ucumvert import PintUcumRegistry

    return PintUcumRegistry(cache_folder=None)


@lru_cache(maxsize=2**12)
def _parse(unit: str) -> Any:
    if not is_short_unit(unit):
        return None
    import lark
    import pint

    try:
        quantity = _registry().from_ucum(unit)
        return quantity if hasattr(quantity, "magnitude") else None
    except (pint.PintError, lark.exceptions.LarkError, ArithmeticError, ValueError, TypeError):
        return None
