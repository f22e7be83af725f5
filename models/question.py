"""A prediction question, read from its TOML file: outcome, features, eligibility, gate, limits."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from consent import CATEGORIES
from models.plan import BY_CUSTODIAN, BY_DATE, Plan, read_plan
from models.suppression import MIN_COHORT
from records.strict_toml import Section, read_declaration
from records.values import CATEGORY, KINDS, NUMBER, is_code

_PARAMETERS: Final = MappingProxyType(
    {
        # name: (default, minimum, maximum); the names are XGBoost's own.
        "rounds": (150, 1, 5000),
        "max_depth": (2, 1, 8),
        "eta": (0.1, 0.001, 1.0),
        "min_child_weight": (20, 0, 1e6),
        "lambda": (10, 0, 1e6),
        "alpha": (0, 0, 1e6),
        "gamma": (0, 0, 1e6),
        "max_bin": (256, 2, 1024),
    }
)
_UNITS: Final = {
    "1": "",
    "{count}": "",
    "a": "years",
    "h": "hours",
    "min": "minutes",
    "/min": "per minute",
    "mm[Hg]": "mmHg",
    "kg/m2": "kg/m²",
    "ug/dL": "µg/dL",
    "ug/L": "µg/L",
}
"""UCUM codes that people write differently."""


def format_unit(unit: str) -> str:
    """Return a UCUM unit as people write it."""
    return _UNITS.get(unit, unit)


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of the model, or (`predicts` false) a fact that is kept for subgroups only.

    `reviewed` says why the value is known when the prediction is made, for a feature that predicts
    so well that it may reveal the label; empty if nobody has reviewed it.
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

    @property
    def accepted(self) -> str:
        """The values that the feature accepts, in words."""
        if self.kind == NUMBER:
            return f"{self.minimum:g} to {self.maximum:g} {format_unit(self.unit)}".rstrip()
        return ", ".join(self.values) if self.kind == CATEGORY else "yes, no"

    def format(self, value: float) -> str:
        """Return a value of the matrix as a clinician would write it."""
        if math.isnan(value):
            return self.missing
        if self.kind == CATEGORY:
            return self.values[int(value)].replace("-", " ")
        if self.kind == NUMBER:
            return f"{value:g} {format_unit(self.unit)}".rstrip()
        return "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class Label:
    """What the model predicts: that the observation of this code has the value `positive`."""

    code: str
    category: str
    positive: bool | str
    words: str
    definition: str


@dataclass(frozen=True, slots=True)
class Rule:
    """An eligibility criterion: the value of a feature lies within these bounds."""

    code: str
    minimum: float
    maximum: float

    @property
    def bounds(self) -> str:
        """The bounds in words."""
        if self.maximum == math.inf:
            return f"{self.minimum:g} or more"
        if self.minimum == -math.inf:
            return f"at most {self.maximum:g}"
        return f"{self.minimum:g} to {self.maximum:g}"


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


@dataclass(frozen=True, slots=True)
class Question:
    """A prediction question; `text` is the file itself and `sha256` identifies it."""

    id: str
    title: str
    intended_use: str
    limits: tuple[str, ...]
    label: Label
    features: tuple[Feature, ...]
    required: tuple[str, ...]
    eligibility: tuple[Rule, ...]
    leaking: tuple[str, ...]
    parameters: Mapping[str, float]
    held_out: float
    thresholds: tuple[float, float]
    subgroups: tuple[Subgroup, ...]
    gate: Gate
    plan: Plan
    text: str

    @classmethod
    def load(cls, path: Path) -> Question:
        """Return the question of a file.

        Raises:
            DeclarationInvalid: the file is missing or invalid; the message names the key.
        """
        return cls.parse(read_declaration(path), path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Question:
        """Return the question of a text; errors call the text `name`.

        Raises:
            DeclarationInvalid: see `load`.
        """
        top = Section.of_text(text, name)
        question = cls(
            id=_identifier(top),
            title=top.text("title"),
            intended_use=top.text("intended_use"),
            limits=top.texts("limits"),
            label=_label(top.section("label")),
            features=tuple(_feature(section) for section in top.sections("features")),
            required=top.texts("required"),
            eligibility=tuple(_rule(part) for part in top.sections("eligibility", required=False)),
            leaking=top.texts("leaking"),
            parameters=_parameters(top.section("parameters")),
            held_out=top.number("held_out", 0.25),
            thresholds=_thresholds(top),
            subgroups=tuple(_subgroup(part) for part in top.sections("subgroups", required=False)),
            gate=_gate(top.section("gate")) if top.has("gate") else DEFAULT_GATE,
            plan=read_plan(top),
            text=text,
        )
        top.close()
        _require_consistent(question, top)
        return question

    @property
    def sha256(self) -> str:
        """The hash of the text, lower-case hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def categories(self) -> tuple[str, ...]:
        """The consent categories that a prediction opens, in the vocabulary's order."""
        used = {feature.category for feature in self.features}
        return tuple(code for code in CATEGORIES if code in used)

    def columns(self) -> dict[str, int]:
        """Return the column of each feature's code in the matrix."""
        return {feature.code: column for column, feature in enumerate(self.features)}

    def predictors(self) -> list[int]:
        """Return the columns that the model sees, in order."""
        return [column for column, feature in enumerate(self.features) if feature.predicts]


@lru_cache(maxsize=64)
def load_stored_question(text: str) -> Question:
    """Return the question of a text that is stored with a run or a model, parsed only once.

    Raises:
        DeclarationInvalid: see `Question.load`.
    """
    return Question.parse(text, "stored question")


def _identifier(top: Section) -> str:
    identifier = top.text("id")
    is_ascii = identifier.replace("-", "").isalnum() and identifier.isascii()
    if not is_ascii or identifier != identifier.lower():
        raise top.error("id", "only lower-case letters, digits and hyphens are allowed")
    return identifier


def _code(section: Section) -> str:
    code = section.text("code")
    if not is_code(code):
        raise section.error("code", "expected system|code, e.g. http://loinc.org|39156-5")
    return code


def _category(section: Section) -> str:
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.error("category", f"is unknown; known: {', '.join(CATEGORIES)}")
    return category


def _label(section: Section) -> Label:
    label = Label(
        code=_code(section),
        category=_category(section),
        positive=section.boolean_or_text("positive"),
        words=section.text("words"),
        definition=section.text("definition"),
    )
    section.close()
    return label


def _feature(section: Section) -> Feature:
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.error("kind", f"is unknown; known: {', '.join(KINDS)}")
    is_number = kind == NUMBER
    feature = Feature(
        code=_code(section),
        words=section.text("words"),
        kind=kind,
        category=_category(section),
        unit=section.text("unit") if is_number else "",
        minimum=section.number("minimum") if is_number else 0.0,
        maximum=section.number("maximum") if is_number else 1.0,
        values=section.texts("values") if kind == CATEGORY else (),
        missing=section.text("missing", "not recorded"),
        predicts=section.boolean("predicts", True),
        reviewed=section.text("reviewed", ""),
    )
    section.close()
    if feature.minimum >= feature.maximum:
        raise section.error("minimum", "must be below the maximum")
    if kind == CATEGORY and len(feature.values) < 2:
        raise section.error("values", "at least two values are required")
    return feature


def _rule(section: Section) -> Rule:
    minimum, maximum = section.find_number("minimum"), section.find_number("maximum")
    rule = Rule(
        _code(section),
        -math.inf if minimum is None else minimum,
        math.inf if maximum is None else maximum,
    )
    section.close()
    return rule


def _subgroup(section: Section) -> Subgroup:
    subgroup = Subgroup(section.text("words"), _code(section), section.numbers("edges"))
    section.close()
    if list(subgroup.edges) != sorted(set(subgroup.edges)):
        raise section.error("edges", "must be in ascending order, without duplicates")
    return subgroup


def _parameters(section: Section) -> Mapping[str, float]:
    parameters: dict[str, float] = {}
    for name, (default, minimum, maximum) in _PARAMETERS.items():
        is_whole = isinstance(default, int) and isinstance(maximum, int)
        value = section.integer(name, int(default)) if is_whole else section.number(name, default)
        if not minimum <= value <= maximum:
            raise section.error(name, f"must be {minimum:g} to {maximum:g}")
        parameters[name] = value
    # scale_pos_weight and sampling are missing on purpose: they would break calibration and
    # determinism.
    section.close()
    return MappingProxyType(parameters)


def _thresholds(top: Section) -> tuple[float, float]:
    thresholds = top.numbers("thresholds") or (0.05, 0.5)
    if len(thresholds) != 2 or not 0 < thresholds[0] < thresholds[1] < 1:
        raise top.error("thresholds", "expected two probabilities in ascending order")
    return thresholds[0], thresholds[1]


def _gate(section: Section) -> Gate:
    gate = Gate(
        min_patients=section.integer("min_patients", DEFAULT_GATE.min_patients),
        max_attack_auroc=section.number("max_attack_auroc", DEFAULT_GATE.max_attack_auroc),
        max_attack_tpr=section.number("max_attack_tpr", DEFAULT_GATE.max_attack_tpr),
        max_feature_auroc=section.number("max_feature_auroc", DEFAULT_GATE.max_feature_auroc),
        min_slope=section.number("min_slope", DEFAULT_GATE.min_slope),
        max_slope=section.number("max_slope", DEFAULT_GATE.max_slope),
        max_intercept=section.number("max_intercept", DEFAULT_GATE.max_intercept),
    )
    section.close()
    for name in Gate.__slots__:
        value, default = getattr(gate, name), getattr(DEFAULT_GATE, name)
        if (value < default) if name.startswith("min_") else (value > default):
            raise section.error(name, f"may not be less strict than the default, {default:g}")
    return gate


def _require_consistent(question: Question, top: Section) -> None:
    _require_no_leak(question, top)
    kinds = {feature.code: feature.kind for feature in question.features}
    for category in question.required:
        if category not in question.categories:
            raise top.error("required", f"no feature has the category {category}")
    for rule in question.eligibility:
        if kinds.get(rule.code) != NUMBER:
            raise top.error("eligibility", f"{rule.code} is not a feature of kind number")
    _require_subgroups(question, top, kinds)
    is_category = kinds.get(question.plan.split_by) == CATEGORY
    if not is_category and question.plan.split_by not in ("", BY_CUSTODIAN, BY_DATE):
        raise top.error("evaluation", "split_by: expected custodian, date or a category's code")
    if not 0.1 <= question.held_out <= 0.5:
        raise top.error("held_out", "must be 0.1 to 0.5")


def _require_subgroups(question: Question, top: Section, kinds: Mapping[str, str]) -> None:
    for subgroup in question.subgroups:
        if subgroup.code not in kinds:
            raise top.error("subgroups", f"{subgroup.code} is not a feature")
        if (kinds[subgroup.code] == NUMBER) != bool(subgroup.edges):
            raise top.error("subgroups", f"{subgroup.code}: edges are for numbers, which need them")


def _require_no_leak(question: Question, top: Section) -> None:
    if not question.predictors():
        raise top.error("features", "at least one feature must predict")
    codes = [feature.code for feature in question.features]
    duplicates = {code for code in codes if codes.count(code) > 1}
    if duplicates:
        raise top.error("features", f"{min(duplicates)} is listed twice")
    for code in (question.label.code, *question.leaking):
        if code in codes:
            raise top.error("features", f"{code} reveals the label, so it cannot be a feature")
    if question.label.category in question.categories:
        # A record has one category, and a prediction opens whole categories.
        raise top.error("label", "its category is also a feature's, so a prediction would open it")
