"""Writes what a refused training run leaves for its study: figures, reasons, remedies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.card import Card
from models.card_content import describe_cohort, round_figures
from models.cohort import Cohort
from models.features import Matrix
from models.gate import GateFailure
from models.training_runs import EarlierRuns

FORMAT: Final = "vouchsafe-training-report-1"


def report_data(
    failures: Sequence[GateFailure], cohort: Cohort, matrix: Matrix, earlier: EarlierRuns
) -> dict[str, Any]:
    """Return the report of a run whose data were refused: no model was made."""
    runs = {"all": earlier.all, "refused": earlier.refused}
    content = {"data": describe_cohort(cohort, matrix), "runs_before": runs}
    return {"format": FORMAT, "failures": list_failures(failures), "card": content}


def report_model(failures: Sequence[GateFailure], card: Card) -> dict[str, Any]:
    """Return the report of a run whose model was refused: every figure of its card."""
    return {"format": FORMAT, "failures": list_failures(failures), "card": dict(card.content)}


def list_failures(failures: Sequence[GateFailure]) -> list[Mapping[str, Any]]:
    """Return each threshold that was missed: code, figures, message, and what would help."""
    return [
        {
            "code": failure.code.value,
            "feature": failure.feature,
            "figure": round_figures(failure.figure),
            "measured": failure.measured_text,
            "required": failure.required_text,
            "message": failure.message,
            "remedy": failure.remedy,
        }
        for failure in failures
    ]
