"""Read the sections of a question's file, and check each value where it stands."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from consent import CATEGORIES
from models.question_parts import (
    DEFAULT_GATE,
    DISCLOSURES,
    QUASI,
    Feature,
    Gate,
    Label,
    Rule,
    Subgroup,
)
from records.strict_toml import Section
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


def read_identifier(top: Section) -> str:
    """Return the id: lower-case letters, digits and hyphens."""
    identifier = top.text("id")
    is_ascii = identifier.replace("-", "").isalnum() and identifier.isascii()
    if not is_ascii or identifier != identifier.lower():
        raise top.error("id", "only lower-case letters, digits and hyphens are allowed")
    return identifier


def read_code(section: Section) -> str:
    """Return the `system|code` of a section."""
    code = section.text("code")
    if not is_code(code):
        raise section.error("code", "expected system|code, e.g. http://loinc.org|39156-5")
    return code


def read_category(section: Section) -> str:
    """Return the consent category of a section."""
    category = section.text("category")
    if category not in CATEGORIES:
        raise section.error("category", f"is unknown; known: {', '.join(CATEGORIES)}")
    return category


def read_label(section: Section) -> Label:
    """Return the label of format 1."""
    label = Label(
        code=read_code(section),
        category=read_category(section),
        positive=section.boolean_or_text("positive"),
        words=section.text("words"),
        definition=section.text("definition"),
    )
    section.close()
    return label


def read_disclosure(section: Section) -> str:
    """Return what a feature tells somebody who tries to recognise a person in a copy."""
    disclosure = section.text("disclosure", QUASI)
    if disclosure not in DISCLOSURES:
        raise section.error("disclosure", f"is unknown; known: {', '.join(DISCLOSURES)}")
    return disclosure


def read_feature(section: Section) -> Feature:
    """Return a feature of format 1."""
    kind = section.text("kind")
    if kind not in KINDS:
        raise section.error("kind", f"is unknown; known: {', '.join(KINDS)}")
    is_number = kind == NUMBER
    feature = Feature(
        code=read_code(section),
        words=section.text("words"),
        kind=kind,
        category=read_category(section),
        unit=section.text("unit") if is_number else "",
        minimum=section.number("minimum") if is_number else 0.0,
        maximum=section.number("maximum") if is_number else 1.0,
        values=section.texts("values") if kind == CATEGORY else (),
        missing=section.text("missing", "not recorded"),
        predicts=section.boolean("predicts", True),
        reviewed=section.text("reviewed", ""),
        disclosure=read_disclosure(section),
        may_be_rare=section.boolean("may_be_rare", False),
    )
    section.close()
    require_range_and_values(feature, section)
    return feature


def require_range_and_values(feature: Feature, section: Section) -> None:
    """Check that a number has a range, and a category at least two values.

    Raises:
        DeclarationInvalid: the message names the key.
    """
    if feature.minimum >= feature.maximum:
        raise section.error("minimum", "must be below the maximum")
    if feature.kind == CATEGORY and len(feature.values) < 2:
        raise section.error("values", "at least two values are required")


def read_rule(section: Section) -> Rule:
    """Return an eligibility criterion."""
    return read_rule_of(read_code(section), section)


def read_rule_of(name: str, section: Section) -> Rule:
    """Return the eligibility criterion of a feature: its code, or its name in format 2."""
    minimum, maximum = section.find_number("minimum"), section.find_number("maximum")
    rule = Rule(
        name,
        -math.inf if minimum is None else minimum,
        math.inf if maximum is None else maximum,
    )
    section.close()
    if rule.minimum > rule.maximum:
        problem = f"{rule.minimum:g} is above the maximum, {rule.maximum:g}"
        raise section.error("minimum", f"{problem}, so nobody could be eligible; correct one")
    return rule


def read_subgroup(section: Section) -> Subgroup:
    """Return a subgroup."""
    subgroup = Subgroup(section.text("words"), read_code(section), section.numbers("edges"))
    section.close()
    if list(subgroup.edges) != sorted(set(subgroup.edges)):
        raise section.error("edges", "must be in ascending order, without duplicates")
    return subgroup


def read_parameters(section: Section) -> Mapping[str, float]:
    """Return XGBoost's parameters, each within its limits."""
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


def read_thresholds(top: Section) -> tuple[float, float]:
    """Return the range of probabilities at which acting is plausible."""
    thresholds = top.numbers("thresholds") or (0.05, 0.5)
    if len(thresholds) != 2 or not 0 < thresholds[0] < thresholds[1] < 1:
        raise top.error("thresholds", "expected two probabilities in ascending order")
    return thresholds[0], thresholds[1]


def read_gate(section: Section) -> Gate:
    """Return the gate: at least as strict as the default."""
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
