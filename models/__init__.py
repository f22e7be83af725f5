"""The front door of the diagnostics: what the pages and the command line may use of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from models.registry import Model
from models.studies import Run, Study

if TYPE_CHECKING:
    from models.card import Card
    from models.cohort import Cohort
    from models.diagnostics import Diagnostics
    from models.errors import (
        CohortTooSmall,
        ConsentMoved,
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
    from models.release import AGREEMENT, Release, ReleaseAsked
    from models.serving import Affected
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
        "ConsentMoved",
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
    "release": ("AGREEMENT", "Release", "ReleaseAsked"),
    "serving": ("Affected",),
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
    "Affected",
    "ModelsUnavailable",
    "ModelsInvalid",
    "ModelsBroken",
    "Card",
    "Cohort",
    "CohortTooSmall",
    "ConsentMoved",
    "Contribution",
    "Prediction",
    "PredictionRequest",
    "Diagnostics",
    "GateClosed",
    "InputMissing",
    "InputOutOfRange",
    "InputValue",
    "Manifest",
    "Model",
    "ModelRetired",
    "ModelsError",
    "ModelsNotFound",
    "Question",
    "ModelsRefused",
    "Release",
    "ReleaseAsked",
    "Run",
    "RunCancelled",
    "ScorerUnavailable",
    "Study",
    "UnitMismatch",
    "draw_contributions",
    "recompute",
]
