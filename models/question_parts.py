"""The parts of a question, frozen: feature, label, rule, subgroup and gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.suppression import MIN_COHORT


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of the model, or (`predicts` false) a fact kept for subgroups only."""

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


@dataclass(frozen=True, slots=True)
class Label:
    """What the model estimates; the observation of this code with the value `positive`."""

    code: str
    category: str
    positive: bool | str
    words: str
    definition: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may be in the cohort and be diagnosed: a feature's value within these bounds."""

    code: str
    minimum: float
    maximum: float


@dataclass(frozen=True, slots=True)
class Subgroup:
    """Patients told apart by one feature: by its values, or by the edges of its numbers."""

    words: str
    code: str
    edges: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model must hold to be published; a question may be stricter than the house."""

    min_patients: int = MIN_COHORT
    max_attack_auroc: float = 0.55
    max_attack_tpr: float = 0.03
    max_feature_auroc: float = 0.95
    min_slope: float = 0.7
    max_slope: float = 1.5
    max_intercept: float = 0.4


HOUSE: Final = Gate()
