"""Define one value of a patient as the model receives it, and as its sender wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MISSING: Final = "missing"


@dataclass(frozen=True, slots=True)
class InputValue:
    """One value as the model would receive it.

    Attributes:
        code, words: the code and name of the feature.
        value: as a clinician writes it, with its unit; empty if it is missing.
        recorded_on: ISO date of the record or event that it is from, or empty.
        problem: empty, or ``missing``, ``outside`` (the accepted values), ``unit`` (one that cannot
            be converted), ``bound`` (such as <0.5, where the question wants none) or ``kind``.
        accepts: the values that the model accepts, in words.
        source: the number as it was written, with bound and unit; empty if it is not a number.
        rule: how the source was converted: empty (not at all), ``habit``, ``ucum`` or ``molar``.
    """

    code: str
    words: str
    value: str
    recorded_on: str
    problem: str
    accepts: str
    source: str = ""
    rule: str = ""
