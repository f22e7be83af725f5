"""The front door of the diagnostics: what the pages and the command line may use of them."""

from models.card import Card
from models.diagnosis import Contribution, Diagnosis, DiagnosisAsked
from models.diagnostics import Diagnostics
from models.errors import (
    Away,
    BadlyAsked,
    Broken,
    CohortTooSmall,
    ConsentMoved,
    GateClosed,
    InputMissing,
    InputOutOfRange,
    ModelRetired,
    ModelsError,
    NotFound,
    QuestionInvalid,
    Refused,
    RunCancelled,
    ScorerUnavailable,
    TableInvalid,
    UnitMismatch,
)
from models.mapping import Mapping
from models.plots import draw_contributions
from models.question import Question
from models.registry import Model
from models.serving import Affected
from models.studies import Run, Study
from models.table import Row, TableReport, check_table, read_table
from models.training import recompute

__all__ = [
    "Affected",
    "Away",
    "BadlyAsked",
    "Broken",
    "Card",
    "CohortTooSmall",
    "ConsentMoved",
    "Contribution",
    "Diagnosis",
    "DiagnosisAsked",
    "Diagnostics",
    "GateClosed",
    "InputMissing",
    "InputOutOfRange",
    "Mapping",
    "Model",
    "ModelRetired",
    "ModelsError",
    "NotFound",
    "Question",
    "QuestionInvalid",
    "Refused",
    "Row",
    "Run",
    "RunCancelled",
    "ScorerUnavailable",
    "Study",
    "TableInvalid",
    "TableReport",
    "UnitMismatch",
    "check_table",
    "draw_contributions",
    "read_table",
    "recompute",
]
