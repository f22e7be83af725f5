"""How a question wants its model to be made and tested: learner, split by place or date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from records.strict_toml import Section

BY_CUSTODIAN: Final = "custodian"
BY_DATE: Final = "date"
_LEARNERS: Final = {"best": "", "xgboost": "xgboost", "logistic": "logistic"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a question may say about training and evaluation.

    Attributes:
        learner: ``xgboost`` or ``logistic`` if the question insists on one; otherwise empty, and
            the simpler one is published unless XGBoost is better by more than a standard error.
        split_by: ``custodian``, ``date`` or the code of a category: each part is predicted by a
            model of the others; empty if there is no such split.
    """

    learner: str = ""
    split_by: str = ""


DEFAULT_PLAN: Final = Plan()


def read_plan(top: Section) -> Plan:
    """Return the plan of a question's optional tables [training] and [evaluation].

    Raises:
        DeclarationInvalid: a key is unknown or has a wrong value.
    """
    return Plan(_learner(top), _split_by(top))


def _learner(top: Section) -> str:
    if not top.has("training"):
        return ""
    section = top.section("training")
    name = section.text("learner", "best")
    section.close()
    if name not in _LEARNERS:
        raise section.error("learner", f"is unknown; known: {', '.join(_LEARNERS)}")
    return _LEARNERS[name]


def _split_by(top: Section) -> str:
    if not top.has("evaluation"):
        return ""
    section = top.section("evaluation")
    split_by = section.text("split_by", "")
    section.close()
    return split_by
