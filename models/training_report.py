"""Writes what a refused training run leaves for its study: figures, reasons, remedies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from models.card_content import describe_cohort, round_figures
from models.card_document import CardDocument
from models.card_notes import describe_earlier_runs, describe_measured
from models.card_text import (
    describe_card,
    describe_flow,
    make_printable,
    make_section,
)
from models.cohort import Cohort
from models.features import Matrix
from models.gate import GateFailure
from models.question import load_stored_question
from models.training_runs import EarlierRuns, TrainingRun

FORMAT: Final = "vouchsafe-training-report-1"


def describe_data(cohort: Cohort, matrix: Matrix, earlier: EarlierRuns) -> dict[str, Any]:
    """Return the figures of a run whose data were refused: no model was made."""
    runs = {"all": earlier.all, "refused": earlier.refused}
    return {"data": describe_cohort(cohort, matrix), "runs_before": runs}


def make_report(failures: Sequence[GateFailure], figures: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report of a refused run: what it missed, and every figure of its card."""
    return {"format": FORMAT, "failures": list_failures(failures), "card": dict(figures)}


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


def document_report(run: TrainingRun) -> CardDocument | None:
    """Return the report of a refused run in each of its forms; None if it left none."""
    if not run.report:
        return None
    report = json.loads(run.report)
    figures = report["card"]
    missed = [f"{row['message']}. What would help: {row['remedy']}" for row in report["failures"]]
    lines = make_section("Missed thresholds: no model was published", missed)
    if "evaluation" in figures:
        lines += describe_card(figures)
    else:
        lines += describe_measured(figures)
        lines += make_section("Patients", describe_flow(figures))
        lines += make_section("Development", [describe_earlier_runs(figures)])
    named = {"run": run.id, "study": run.study, "question": run.question}
    return CardDocument(
        title=f"Report of a refused run: {load_stored_question(run.question_text).title}",
        name=f"Training run {run.id}, {run.model_id}",
        study=run.study,
        content=report | named,
        figures=figures,
        lines=make_printable(lines),
    )
