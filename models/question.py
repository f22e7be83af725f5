"""A prediction question, read from its TOML file: outcome, features, eligibility, gate, limits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from consent import CATEGORIES
from models.plan import BY_CUSTODIAN, BY_DATE, Plan, read_plan
from models.question_format2 import (
    read_same,
    read_timed_feature,
    read_timed_rule,
    read_timed_subgroup,
    read_timeline,
    require_no_timed_leak,
)
from models.question_parts import (
    DEFAULT_GATE,
    Feature,
    Gate,
    Label,
    Rule,
    Subgroup,
    format_unit,
)
from models.question_reading import (
    read_feature,
    read_gate,
    read_identifier,
    read_label,
    read_parameters,
    read_rule,
    read_subgroup,
    read_thresholds,
)
from models.timeline import Timeline
from records.strict_toml import Section, read_declaration
from records.values import CATEGORY, NUMBER

__all__ = [
    "DEFAULT_GATE",
    "Feature",
    "Gate",
    "Label",
    "Question",
    "Rule",
    "Subgroup",
    "format_unit",
    "load_stored_question",
]


_MAX_SUBGROUPS: Final = 50
UNKNOWN_FOLLOW_UP: Final = (
    "Patients without a recorded outcome count as not having it,"
    " even where their records end too early to tell."
)
"""The limit of each question about the future that does not ask for a follow-up."""


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
    timeline: Timeline | None = None

    @classmethod
    def load(cls, path: Path) -> Question:
        """Return the question of a file.

        Raises:
            DeclarationInvalid: the file is missing or invalid; the message names the key.
        """
        return _parse_once(read_declaration(path), path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> Question:
        """Return the question of a text; errors call the text `name`.

        Raises:
            DeclarationInvalid: see `load`.
        """
        top = Section.of_text(text, name)
        version = top.integer("format", 1)
        if version not in _FORMATS:
            raise top.error("format", "must be 1 or 2")
        question = cls(**_read_common(top, text), **_FORMATS[version](top))
        top.close()
        _require_consistent(question, top)
        return question

    @property
    def all_limits(self) -> tuple[str, ...]:
        """The limits that the file states, and those that follow from what it asks."""
        is_unknown = self.timeline is not None and self.timeline.is_follow_up_unknown
        return (*self.limits, UNKNOWN_FOLLOW_UP) if is_unknown else self.limits

    @property
    def sha256(self) -> str:
        """The hash of the text, lower-case hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def categories(self) -> tuple[str, ...]:
        """The consent categories that a prediction opens, in the vocabulary's order."""
        used = {feature.category for feature in self.features}
        if self.timeline is not None and self.timeline.outcome.never_before:
            used.add(self.label.category)
        return tuple(code for code in CATEGORIES if code in used)

    @property
    def training_categories(self) -> tuple[str, ...]:
        """The consent categories that a training opens: also those of the label and the index."""
        index = self.timeline.index.category if self.timeline is not None else ""
        others = (code for code in (self.label.category, index) if code)
        return tuple(dict.fromkeys((*self.categories, *others)))

    def columns(self) -> dict[str, int]:
        """Return the column of each feature's code in the matrix."""
        return {feature.code: column for column, feature in enumerate(self.features)}

    def predictors(self) -> list[int]:
        """Return the columns that the model sees, in order."""
        return [column for column, feature in enumerate(self.features) if feature.predicts]


@lru_cache(maxsize=64)
def _parse_once(text: str, name: str) -> Question:
    return Question.parse(text, name)


def load_stored_question(text: str) -> Question:
    """Return the question of a text that is stored with a run or a model, parsed only once.

    Raises:
        DeclarationInvalid: see `Question.load`.
    """
    return _parse_once(text, "stored question")


def _read_common(top: Section, text: str) -> dict[str, Any]:
    """Return what both formats have."""
    return {
        "id": read_identifier(top),
        "title": top.text("title"),
        "intended_use": top.text("intended_use"),
        "limits": top.texts("limits"),
        "parameters": read_parameters(top.section("parameters")),
        "held_out": top.number("held_out", 0.25),
        "thresholds": read_thresholds(top),
        "gate": read_gate(top.section("gate")) if top.has("gate") else DEFAULT_GATE,
        "plan": read_plan(top),
        "text": text,
    }


def _read_format_1(top: Section) -> dict[str, Any]:
    return {
        "label": read_label(top.section("label")),
        "features": tuple(read_feature(section) for section in top.sections("features")),
        "required": top.texts("required"),
        "eligibility": tuple(read_rule(part) for part in _optional(top, "eligibility")),
        "leaking": top.texts("leaking"),
        "subgroups": tuple(read_subgroup(part) for part in _optional(top, "subgroups")),
    }


def _read_format_2(top: Section) -> dict[str, Any]:
    same = read_same(top)
    timeline, label = read_timeline(top, same)
    return {
        "label": label,
        "features": tuple(read_timed_feature(part, same) for part in top.sections("features")),
        "required": top.texts("required", ()),
        "eligibility": tuple(read_timed_rule(part) for part in _optional(top, "eligibility")),
        "leaking": timeline.leaking.patterns,
        "subgroups": tuple(read_timed_subgroup(part) for part in _optional(top, "subgroups")),
        "timeline": timeline,
    }


def _optional(top: Section, key: str) -> list[Section]:
    return top.sections(key, required=False)


_FORMATS: Final = MappingProxyType({1: _read_format_1, 2: _read_format_2})


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
        raise top.error(
            "evaluation",
            f"split_by: {question.plan.split_by} is not custodian, date or a feature of kind"
            " category: list it under [[features]], with predicts = false if the model must not"
            " learn from it",
        )
    if not 0.1 <= question.held_out <= 0.5:
        raise top.error("held_out", "must be 0.1 to 0.5")


def _require_subgroups(question: Question, top: Section, kinds: Mapping[str, str]) -> None:
    many = max(len(question.subgroups), *(len(each.edges) for each in question.subgroups), 0)
    if many > _MAX_SUBGROUPS:
        raise top.error("subgroups", f"{many} subgroups or edges: at most {_MAX_SUBGROUPS}")
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
    if question.timeline is not None:
        require_no_timed_leak(question.timeline, question.features, top)
        return
    for code in (question.label.code, *question.leaking):
        if code in codes:
            raise top.error("features", f"{code} reveals the label, so it cannot be a feature")
    if question.label.category in question.categories:
        # A record has one category, and a prediction opens whole categories.
        raise top.error("label", "its category is also a feature's, so a prediction would open it")
