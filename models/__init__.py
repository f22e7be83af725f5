"""The names that services, pages and commands may use of this package."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from models.budget import Budget
    from models.card import Card
    from models.card_document import CardDocument
    from models.card_pdf import write_card_pdf
    from models.cohort import Cohort
    from models.copy_plan import PROPOSED_COLUMNS, CopyPlan
    from models.diagnostics import Diagnostics
    from models.earlier_copies import EarlierCopy
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
        PatientIneligible,
        RunCancelled,
        ScorerUnavailable,
        UnitMismatch,
    )
    from models.external_validation import ExternalValidation
    from models.gate import GateCode, GateFailure
    from models.inputs import InputValue
    from models.manifest import Manifest
    from models.monitoring import MonthlyReport, ServedAnswer, month_before, year_until
    from models.persons import permitted_row_keys, row_key
    from models.plots import draw_contributions, list_plots
    from models.points import Points, to_points
    from models.prediction import Contribution, Prediction, PredictionRequest
    from models.question import Question, format_unit
    from models.registry import Model
    from models.release import AGREEMENT, Release, ReleaseRequest
    from models.serving import AffectedModel
    from models.studies import Study
    from models.suppression import MIN_COHORT, MIN_COUNT, is_small, merge_small, suppress
    from models.training import recompute
    from models.training_report import document_report
    from models.training_runs import TrainingRun
    from models.tripod import number_heading
    from models.value_readings import ValueReading, ValueReadings

_MODULES: Final = {
    "budget": ("Budget",),
    "card": ("Card",),
    "card_document": ("CardDocument",),
    "card_pdf": ("write_card_pdf",),
    "cohort": ("Cohort",),
    "copy_plan": ("PROPOSED_COLUMNS", "CopyPlan"),
    "diagnostics": ("Diagnostics",),
    "earlier_copies": ("EarlierCopy",),
    "errors": (
        "CohortTooSmall",
        "ConsentsChanged",
        "GateClosed",
        "InputMissing",
        "InputOutOfRange",
        "ModelRetired",
        "ModelsBroken",
        "ModelsError",
        "ModelsInvalid",
        "ModelsNotFound",
        "ModelsRefused",
        "ModelsUnavailable",
        "PatientIneligible",
        "RunCancelled",
        "ScorerUnavailable",
        "UnitMismatch",
    ),
    "external_validation": ("ExternalValidation",),
    "gate": (
        "GateCode",
        "GateFailure",
    ),
    "inputs": ("InputValue",),
    "manifest": ("Manifest",),
    "monitoring": ("MonthlyReport", "ServedAnswer", "month_before", "year_until"),
    "plots": ("draw_contributions", "list_plots"),
    "persons": ("permitted_row_keys", "row_key"),
    "points": ("Points", "to_points"),
    "prediction": (
        "Contribution",
        "Prediction",
        "PredictionRequest",
    ),
    "question": ("Question", "format_unit"),
    "registry": ("Model",),
    "release": (
        "AGREEMENT",
        "Release",
        "ReleaseRequest",
    ),
    "serving": ("AffectedModel",),
    "studies": ("Study",),
    "suppression": (
        "MIN_COHORT",
        "MIN_COUNT",
        "is_small",
        "merge_small",
        "suppress",
    ),
    "training": ("recompute",),
    "training_report": ("document_report",),
    "training_runs": ("TrainingRun",),
    "tripod": ("number_heading",),
    "value_readings": ("ValueReading", "ValueReadings"),
}
_MODULE_OF: Final = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Return a public name, importing its module on first use.

    The scorer process imports this package too, and must not import the ledger, the record store
    and matplotlib.
    """
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    return getattr(import_module(f"models.{_MODULE_OF[name]}"), name)


__all__ = [
    "AGREEMENT",
    "AffectedModel",
    "Budget",
    "Card",
    "CardDocument",
    "Cohort",
    "CohortTooSmall",
    "ConsentsChanged",
    "Contribution",
    "CopyPlan",
    "Diagnostics",
    "EarlierCopy",
    "ExternalValidation",
    "GateClosed",
    "GateCode",
    "GateFailure",
    "InputMissing",
    "InputOutOfRange",
    "InputValue",
    "MIN_COHORT",
    "MIN_COUNT",
    "Manifest",
    "Model",
    "ModelRetired",
    "ModelsBroken",
    "ModelsError",
    "ModelsInvalid",
    "ModelsNotFound",
    "ModelsRefused",
    "ModelsUnavailable",
    "MonthlyReport",
    "PROPOSED_COLUMNS",
    "PatientIneligible",
    "Points",
    "Prediction",
    "PredictionRequest",
    "Question",
    "Release",
    "ReleaseRequest",
    "RunCancelled",
    "ScorerUnavailable",
    "ServedAnswer",
    "Study",
    "TrainingRun",
    "UnitMismatch",
    "ValueReading",
    "ValueReadings",
    "document_report",
    "draw_contributions",
    "format_unit",
    "is_small",
    "list_plots",
    "merge_small",
    "month_before",
    "number_heading",
    "permitted_row_keys",
    "recompute",
    "row_key",
    "suppress",
    "to_points",
    "write_card_pdf",
    "year_until",
]
