"""The front door of the diagnostics: what the pages and the command line may use of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from models.registry import Model
from models.studies import Study, TrainingRun

if TYPE_CHECKING:
    from models.card import Card
    from models.cohort import Cohort
    from models.diagnostics import Diagnostics
    from models.errors import (
        CohortTooSmall,
        ConsentsChanged,
        GateClosed,
        InputMissing,
        InputOutOfRange,
        ModelRetired,
        ModelsBroken,
        ModelsError,
        ModelsInvalid,
        ModelsNotFound,
        ModelsRefused,
        ModelsUnavailable,
        RunCancelled,
        ScorerUnavailable,
        UnitMismatch,
    )
    from models.inputs import InputValue
    from models.manifest import Manifest
    from models.plots import draw_contributions
    from models.prediction import Contribution, Prediction, PredictionRequest
    from models.question import Question
    from models.release import AGREEMENT, Release, ReleaseRequest
    from models.serving import AffectedModel
    from models.suppression import MIN_COHORT, MIN_COUNT, is_small, merge_small, suppress
    from models.training import recompute

_MODULES: Final = {
    "card": ("Card",),
    "cohort": ("Cohort",),
    "prediction": (
        "Contribution",
        "Prediction",
        "PredictionRequest",
    ),
    "diagnostics": ("Diagnostics",),
    "errors": (
        "ModelsUnavailable",
        "ModelsInvalid",
        "ModelsBroken",
        "CohortTooSmall",
        "ConsentsChanged",
        "GateClosed",
        "InputMissing",
        "InputOutOfRange",
        "ModelRetired",
        "ModelsError",
        "ModelsNotFound",
        "ModelsRefused",
        "RunCancelled",
        "ScorerUnavailable",
        "UnitMismatch",
    ),
    "inputs": ("InputValue",),
    "manifest": ("Manifest",),
    "plots": ("draw_contributions",),
    "question": ("Question",),
    "release": ("AGREEMENT", "Release", "ReleaseRequest"),
    "serving": ("AffectedModel",),
    "suppression": ("MIN_COHORT", "MIN_COUNT", "is_small", "merge_small", "suppress"),
    "training": ("recompute",),
}
_HOMES: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Return a name of the front door, loading its module when it is first asked for.

    The scorer's process imports this package too, and must not pay for law, safe and pictures.
    """
    if name not in _HOMES:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return getattr(import_module(f"models.{_HOMES[name]}"), name)


__all__ = [
    "AGREEMENT",
    "AffectedModel",
    "ModelsUnavailable",
    "ModelsInvalid",
    "ModelsBroken",
    "Card",
    "Cohort",
    "CohortTooSmall",
    "ConsentsChanged",
    "Contribution",
    "Prediction",
    "PredictionRequest",
    "Diagnostics",
    "GateClosed",
    "InputMissing",
    "InputOutOfRange",
    "InputValue",
    "MIN_COHORT",
    "MIN_COUNT",
    "Manifest",
    "Model",
    "ModelRetired",
    "ModelsError",
    "ModelsNotFound",
    "Question",
    "ModelsRefused",
    "Release",
    "ReleaseRequest",
    "TrainingRun",
    "RunCancelled",
    "ScorerUnavailable",
    "Study",
    "UnitMismatch",
    "draw_contributions",
    "is_small",
    "merge_small",
    "recompute",
    "suppress",
]
