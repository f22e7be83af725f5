"""Define the parts of a prediction question: features, label, criteria, subgroups, gate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from models.suppression import MIN_COHORT
from models.timeline import Reading
from records.values import CATEGORY, NUMBER

_UNITS: Final = {
    "1": "",
    "{count}": "",
    "a": "years",
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "/min": "per minute",
    "mm[Hg]": "mmHg",
    "kg/m2": "kg/m²",
    "ug/dL": "µg/dL",
    "ug/L": "µg/L",
}
"""UCUM codes that people write differently."""


DIRECT: Final = "direct"
QUASI: Final = "quasi"
SENSITIVE: Final = "sensitive"
OTHER: Final = "other"
DISCLOSURES: Final = (DIRECT, QUASI, SENSITIVE, OTHER)
"""What a feature is for who tries to recognise a person in a copy (ISO/IEC 20889)."""


def format_unit(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _UNITS.get(unit, unit)


def _bounds(minimum: float, maximum: float) -> str:
    if maximum == math.inf:
        return "any number" if minimum == -math.inf else f"{minimum:g} or more"
    return f"at most {maximum:g}" if minimum == -math.inf else f"{minimum:g} to {maximum:g}"


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of the model, or (`predicts` false) a fact that is kept for subgroups only.

    In format 2, `code` is the feature's name and `reading` says how it is read from events.
    `disclosure` says what the feature is for who tries to recognise a person in a copy: an
    identifier (`direct`, never copied), something that others know (`quasi`, the default),
    something that harms (`sensitive`), or neither (`other`). With `may_be_rare` a run is not
    refused because nobody has a value or all have the same: a refusal would tell of that.
    """

    code: str
    words: str
    kind: str
    category: str
    unit: str
    minimum: float
    maximum: float
    values: tuple[str, ...]
    missing: str
    predicts: bool
    reviewed: str = ""
    disclosure: str = QUASI
    may_be_rare: bool = False
    reading: Reading | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that it is read from; those of format 2 may end in `*`."""
        return (self.code,) if self.reading is None else self.reading.codes.patterns

    @property
    def code_count(self) -> int:
        """How many values a category or a boolean may have; 0 for a number."""
        return 0 if self.kind == NUMBER else len(self.values) or 2

    @property
    def accepted(self) -> str:
        """The values that the feature accepts, in words."""
        if self.kind == NUMBER and math.inf in (-self.minimum, self.maximum):
            return f"{_bounds(self.minimum, self.maximum)} {format_unit(self.unit)}".rstrip()
        if self.kind == NUMBER:
            return f"{self.minimum:g} to {self.maximum:g} {format_unit(self.unit)}".rstrip()
        return ", ".join(self.values) if self.kind == CATEGORY else "yes, no"

    def format(self, value: float) -> str:
        """Return a value of the matrix as a clinician would write it."""
        if math.isnan(value):
            return self.missing
        if self.kind == CATEGORY:
            return spell_value(self.values[int(value)])
        if self.kind == NUMBER:
            return f"{value:g} {format_unit(self.unit)}".rstrip()
        return "yes" if value else "no"


def spell_value(value: str) -> str:
    """Return a value as people read it: a code such as very-good in words, others unchanged."""
    return value.replace("-", " ") if value == value.lower() else value


@dataclass(frozen=True, slots=True)
class Label:
    """What the model predicts: that the observation of this code has the value `positive`."""

    code: str
    category: str
    positive: bool | str
    words: str
    definition: str

    @property
    def name(self) -> str:
        """What names the label in draws and counts of runs: its code, or its words."""
        return self.code or self.words


@dataclass(frozen=True, slots=True)
class Rule:
    """An eligibility criterion: the value of a feature lies within these bounds."""

    code: str
    minimum: float
    maximum: float

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        return _bounds(self.minimum, self.maximum)


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Patients grouped by one feature: by its values, or by the edges between its numbers."""

    words: str
    code: str
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """The thresholds that a model must meet to be published; a question may be stricter."""

    min_patients: int = MIN_COHORT
    max_attack_auroc: float = 0.60
    max_attack_tpr: float = 0.05
    max_feature_auroc: float = 0.95
    min_slope: float = 0.7
    max_slope: float = 1.5
    max_intercept: float = 0.4


DEFAULT_GATE: Final = Gate()
