"""A diagnostic task as a file: label, features, eligibility, what would leak, limits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from consent import CATEGORIES
from models.question_parts import HOUSE, Feature, Gate, Label, Rule, Subgroup
from records.errors import DeclarationInvalid
from records.strict_toml import Section
from records.values import CATEGORY, KINDS, NUMBER, is_code

TRAINING: Final = "MLTRAINING"
DIAGNOSIS: Final = "TREATDS"

_PARAMETERS: Final = MappingProxyType(
    {
        # name: (default, smallest, largest); XGBoost's own names.
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


@dataclass(frozen=True, slots=True)
class Question:
    """A whole question; `text` is the file itself and `sha256` names it."""

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
    text: str

    @classmethod
    def load(cls, path: Path) -> Question:
        """Return the question of a file.

        Raises:
            DeclarationInvalid: the file is not there, or makes no sense; the message names the key.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise DeclarationInvalid(f"{path.name}: cannot be read as UTF-8 text") from exc
        return cls.parse(text, path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Question:
        """Return the question that the text holds; `name` is what errors call it.

        Raises:
            DeclarationInvalid: see `load`.
        """
        top = Section.of_text(text, name)
        label = _label(top.section("label"))
        features = tuple(_feature(one) for one in top.sections("features"))
        found = cls(
            id=_identifier(top),
            title=top.text("title"),
            intended_use=top.text("intended_use"),
            limits=top.texts("limits"),
            label=label,
            features=features,
            required=top.texts("required"),
            eligibility=tuple(_rule(one) for one in top.sections("eligibility", required=False)),
            leaking=top.texts("leaking"),
            parameters=_parameters(top.section("parameters")),
            held_out=top.number("held_out", 0.25),
            thresholds=_thresholds(top),
            subgroups=tuple(_subgroup(one) for one in top.sections("subgroups", required=False)),
            gate=_gate(top.section("gate")) if top.has("gate") else HOUSE,
            text=text,
        )
        top.close()
        _require_sense(found, top)
        return found

    @property
    def sha256(self) -> str:
        """The name of this very text, lower-case hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def categories(self) -> tuple[str, ...]:
        """The consent categories that a diagnosis opens, in the vocabulary's order."""
        used = {feature.category for feature in self.features}
        return tuple(code for code in CATEGORIES if code in used)

    def predictors(self) -> list[int]:
        """Return the columns that the model sees, in order."""
        return [n for n, feature in enumerate(self.features) if feature.predicts]


@lru_cache(maxsize=64)
def remembered(text: str) -> Question:
    """Return the question of a text that is kept with a run or a model; the same value each time.

    Raises:
        DeclarationInvalid: see `Question.load`.
    """
    return Question.parse(text, "kept question")


def _identifier(top: Section) -> str:
    found = top.text("id")
    if not found.replace("-", "").isalnum() or not found.isascii() or found != found.lower():
        raise top.wrong("id", "lower-case letters, digits and hyphens are needed")
    return found


def _code(section: Section) -> str:
    code = section.text("code")
    if not is_code(code):
        raise section.wrong("code", "system|code is needed, e.g. http://loinc.org|39156-5")
    return code


def _category(section: Section) -> str:
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.wrong("category", f"is unknown; known: {', '.join(CATEGORIES)}")
    return category


def _label(section: Section) -> Label:
    found = Label(
        code=_code(section),
        category=_category(section),
        positive=section.truth_or_text("positive"),
        words=section.text("words"),
        definition=section.text("definition"),
    )
    section.close()
    return found


def _feature(section: Section) -> Feature:
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.wrong("kind", f"is unknown; known: {', '.join(KINDS)}")
    number = kind == NUMBER
    found = Feature(
        code=_code(section),
        words=section.text("words"),
        kind=kind,
        category=_category(section),
        unit=section.text("unit") if number else "",
        minimum=section.number("minimum") if number else 0.0,
        maximum=section.number("maximum") if number else 1.0,
        values=section.texts("values") if kind == CATEGORY else (),
        missing=section.text("missing", "not recorded"),
        predicts=section.boolean("predicts", True),
    )
    section.close()
    if found.minimum >= found.maximum:
        raise section.wrong("minimum", "must be below the maximum")
    if kind == CATEGORY and len(found.values) < 2:
        raise section.wrong("values", "two values or more are needed")
    return found


def _rule(section: Section) -> Rule:
    low, high = section.find_number("minimum"), section.find_number("maximum")
    found = Rule(
        _code(section),
        float("-inf") if low is None else low,
        float("inf") if high is None else high,
    )
    section.close()
    return found


def _subgroup(section: Section) -> Subgroup:
    found = Subgroup(section.text("words"), _code(section), section.numbers("edges"))
    section.close()
    if list(found.edges) != sorted(set(found.edges)):
        raise section.wrong("edges", "must rise")
    return found


def _parameters(section: Section) -> Mapping[str, float]:
    found = {}
    for name, (default, smallest, largest) in _PARAMETERS.items():
        whole = isinstance(default, int) and isinstance(largest, int)
        read = section.integer(name, int(default)) if whole else section.number(name, default)
        if not smallest <= read <= largest:
            raise section.wrong(name, f"must be {smallest:g} to {largest:g}")
        found[name] = read
    # scale_pos_weight and sampling are not here: they would undo calibration and determinism.
    section.close()
    return MappingProxyType(found)


def _thresholds(top: Section) -> tuple[float, float]:
    found = top.numbers("thresholds") or (0.05, 0.5)
    if len(found) != 2 or not 0 < found[0] < found[1] < 1:
        raise top.wrong("thresholds", "two rising probabilities are needed")
    return found[0], found[1]


def _gate(section: Section) -> Gate:
    found = Gate(
        min_patients=section.integer("min_patients", HOUSE.min_patients),
        max_attack_auroc=section.number("max_attack_auroc", HOUSE.max_attack_auroc),
        max_attack_tpr=section.number("max_attack_tpr", HOUSE.max_attack_tpr),
        max_feature_auroc=section.number("max_feature_auroc", HOUSE.max_feature_auroc),
        min_slope=section.number("min_slope", HOUSE.min_slope),
        max_slope=section.number("max_slope", HOUSE.max_slope),
        max_intercept=section.number("max_intercept", HOUSE.max_intercept),
    )
    section.close()
    for name in Gate.__slots__:
        mine, house = getattr(found, name), getattr(HOUSE, name)
        if (mine < house) if name.startswith("min_") else (mine > house):
            raise section.wrong(name, f"may not be looser than the house's {house:g}")
    return found


def _require_sense(question: Question, top: Section) -> None:
    _require_no_leak(question, top)
    kinds = {feature.code: feature.kind for feature in question.features}
    for category in question.required:
        if category not in question.categories:
            raise top.wrong("required", f"no feature stands in {category}")
    for rule in question.eligibility:
        if kinds.get(rule.code) != NUMBER:
            raise top.wrong("eligibility", f"{rule.code} is not a feature that is a number")
    for subgroup in question.subgroups:
        if subgroup.code not in kinds or (kinds[subgroup.code] == NUMBER) != bool(subgroup.edges):
            raise top.wrong("subgroups", f"{subgroup.code} is no feature, or its edges do not fit")
    if not 0.1 <= question.held_out <= 0.5:
        raise top.wrong("held_out", "0.1 to 0.5 is needed")


def _require_no_leak(question: Question, top: Section) -> None:
    if not question.predictors():
        raise top.wrong("features", "none of them predicts")
    codes = [feature.code for feature in question.features]
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise top.wrong("features", f"{min(twice)} is named twice")
    for code in (question.label.code, *question.leaking):
        if code in codes:
            raise top.wrong("features", f"{code} tells the label; it cannot be a feature")
    if question.label.category in question.categories:
        # A record has one category and a diagnosis opens whole categories.
        raise top.wrong("label", "a feature stands in the label's category; a diagnosis opens it")
