"""Writes the content of a model card after training: the items of TRIPOD+AI that are known."""

from __future__ import annotations

import hashlib
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from consent import MLTRAINING, View
from models import booster
from models.assessment import Assessment
from models.budget import Budget
from models.card import FORMAT, Card
from models.cohort import Cohort
from models.development import Development
from models.drift import describe_bins
from models.evaluation import Bin, Evaluation, measure_precision, wilson
from models.features import Matrix
from models.gate import LEAVING_AUROC, LEAVING_TPR, MAX_CALIBRATION_ERROR, may_leave
from models.question import Question
from models.served_model import LOGISTIC
from models.suppression import MIN_COUNT, coarsen_missing, is_small, steady
from models.training_runs import EarlierRuns, TrainingRun
from models.tripod import GUIDELINE, ITEMS
from records.documents import UNDATED
from storage import Record

GATE_RULE: Final = (
    "Size, leakage and usefulness are compared with their thresholds as measured, the membership"
    " attack by its upper confidence bound. A calibration threshold counts as missed when the whole"
    " 95 % interval of the figure lies beyond it, or when the interval is too wide to tell."
)
_KINDS: Final = {
    LOGISTIC: "ridge logistic regression (plain JSON)",
    "xgboost": "gradient-boosted trees (XGBoost, UBJSON in JSON)",
}
_MISSING: Final = {
    LOGISTIC: "a missing number becomes the median, with an indicator where many are missing",
    "xgboost": (
        "missing values stay missing: each split of a tree learns a direction for them; trees learn"
        " from the middle or commonest value where fewer than 11 patients lack one"
    ),
}
_NOT_LISTED: Final = (
    "Reasons that apply to fewer than 11 patients or records are not listed; those are not counted."
)
_PARTITION: Final = (
    "cross-validation by a keyed hash of the person, the study and the label; the published model"
    " learned from all of these patients"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """A developed and assessed model with everything that it was made from."""

    cohort: Cohort
    matrix: Matrix
    development: Development
    assessment: Assessment
    earlier: EarlierRuns
    budget: Budget
    before: Mapping[str, Any] | None


def create_card(run: TrainingRun, question: Question, result: TrainingResult) -> Card:
    """Return the card of a model that was just trained; counts of patients are in tens."""
    development, assessment = result.development, result.assessment
    return Card(
        {
            "format": FORMAT,
            "model": {
                "id": run.model_id,
                "sha256": development.sha256,
                "size_bytes": len(development.raw),
                "kind": _KINDS[development.kind],
                "predecessor": run.predecessor,
            },
            "question": {
                "id": question.id,
                "title": question.title,
                "sha256": question.sha256,
            },
            "study": run.study,
            "purpose": MLTRAINING,
            "intended_use": question.intended_use,
            "limits": list(question.all_limits),
            "outcome": {
                "code": question.label.code,
                "words": question.label.words,
                "definition": question.label.definition,
            },
            "data": _data(result),
            "predictors": _predictors(question, result),
            "gate": round_figures(asdict(question.gate)),
            "gate_rule": GATE_RULE,
            "release": {
                "may_leave": may_leave(development.attack),
                "max_attack_auroc": LEAVING_AUROC,
                "max_attack_tpr": LEAVING_TPR,
                "max_calibration_error": MAX_CALIBRATION_ERROR,
            },
            "estimate_bins": describe_bins(development.chosen.probabilities[0]),
            "far": result.assessment.far,
            "provenance": _provenance(question, result),
            "reporting": {"guideline": GUIDELINE, "items": dict(ITEMS)},
            "before": result.before,
            "runs_before": {"all": result.earlier.all, "refused": result.earlier.refused},
            **_figures(assessment, development),
        }
    )


def describe_model_before(card: Card) -> dict[str, Any]:
    """Return the main figures of the model that another one replaces, as its card has them."""
    content, evaluation = card.content, card.content["evaluation"]
    names = ("auroc", "brier", "slope", "slope_error", "intercept", "intercept_error")
    known = {"id": content["model"]["id"], "patients": content["data"]["patients"]}
    return known | {name: evaluation[name] for name in names}


def _figures(assessment: Assessment, development: Development) -> dict[str, Any]:
    return {
        "evaluation": describe_evaluation(assessment.evaluation),
        "attack": round_figures(asdict(development.attack))
        | {"rows": steady(development.attack.rows)},
        "interval": round_figures(asdict(development.interval)),
        "repeated": round_figures(asdict(assessment.repeated)),
        "learners": round_figures([asdict(row) for row in assessment.learners]),
        "comparison": round_figures(asdict(development.comparison), 4),
        "curves": round_figures(asdict(assessment.curves)),
        "thresholds": round_figures([asdict(row) for row in assessment.thresholds]),
        "sample_size": steady_counts(round_figures(asdict(assessment.size))),
        "absence": round(assessment.absence, 3),
        "frequency": round_figures(asdict(assessment.frequency)) if assessment.frequency else None,
        "splits": steady_counts(round_figures([asdict(row) for row in assessment.splits])),
        "sites": round_figures(asdict(assessment.sites)) if assessment.sites else None,
        "patients_by_outcome": round_figures([asdict(row) for row in assessment.patients]),
        "tuning": {
            "learner": development.kind,
            # Its coefficients are in the model file: exact ones follow from each outcome.
            "recalibration": {"method": development.recalibration.method},
            "tried": development.tried[0],
            "within": development.tried[1],
        },
    }


def describe_evaluation(evaluation: Evaluation, decimals: int = 3) -> dict[str, Any]:
    """Return an evaluation as a card has it, from which no exact count can be computed.

    The share in each bin and the prevalence have two decimals, and what follows from them is
    computed from these: an exact interval would tell how many patients it was made of. So would
    the scaled Brier score, the net benefit where all patients are treated, and the interval of the
    area under the precision-recall curve, which follows from the outcomes in tens.
    """
    prevalence = round(evaluation.prevalence, 2)
    variance, brier = prevalence * (1 - prevalence), round(evaluation.brier.value, decimals)
    scaled = round(1 - brier / variance, decimals) + 0.0 if variance else None
    bins = [_steady_bin(each) for each in evaluation.bins]
    benefit = []
    for threshold, model, treat_all in evaluation.net_benefit:
        stated = prevalence - (1 - prevalence) * threshold / (1 - threshold)
        treats_all = math.isclose(model, treat_all, abs_tol=1e-9)
        benefit.append((threshold, stated if treats_all else model, stated))
    events = max(MIN_COUNT, (evaluation.events + 5) // 10 * 10)
    auprc = measure_precision(evaluation.auprc.value, events)
    steadied = replace(evaluation, auprc=auprc, bins=tuple(bins), net_benefit=tuple(benefit))
    content: dict[str, Any] = steady_counts(round_figures(asdict(steadied), decimals))
    return content | {"prevalence": prevalence, "scaled_brier": scaled}


def _steady_bin(exact: Bin) -> Bin:
    share, patients = round(exact.observed.value, 2), (exact.n + 5) // 10 * 10
    return replace(exact, n=patients, observed=wilson(share * patients, patients))


def round_figures(content: Any, decimals: int = 3) -> Any:
    """Return the content with every float rounded: more would be false precision."""
    if isinstance(content, float):
        return round(content, decimals) + 0.0  # without the sign of a zero
    if isinstance(content, Mapping):
        return {key: round_figures(value, decimals) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [round_figures(value, decimals) for value in content]
    return content


def steady_counts(content: Any) -> Any:
    """Return the content with the counts of patients in tens."""
    if isinstance(content, Mapping):
        return {
            key: steady(value)
            if key in ("n", "events", "patients") and isinstance(value, int)
            else steady_counts(value)
            for key, value in content.items()
        }
    return [steady_counts(value) for value in content] if isinstance(content, list) else content


def describe_cohort(cohort: Cohort, matrix: Matrix) -> dict[str, Any]:
    """Return the flow of patients: who was permitted, left out and analysed, in tens.

    A reason that applies to 1 to 10 patients is not listed, and these patients are not counted:
    else the card would tell that the reason applies to somebody.
    """
    records = cohort.records.values()
    first, last = describe_years(records)
    left_out = sum(count for count in cohort.excluded.values() if not is_small(count))
    return {
        "permitted": steady(len(matrix.labels) + left_out),
        "patients": steady(len(matrix.labels)),
        "events": steady(int(matrix.labels.sum())),
        "from": first,
        "to": last,
        "custodians": sorted({record.custodian for record in records}),
        "left_out": _steady_all(cohort.excluded),
        "refused": _steady_all(cohort.refused),
        "not_listed": _NOT_LISTED,
    }


def describe_years(records: Iterable[Record]) -> tuple[str, str]:
    """Return the years, such as 1997, from and to which at least 11 patients have records.

    The very first day would be one patient's, and would disappear from the next card with them.
    Each is `UNDATED` if fewer have dated records.
    """
    years: dict[bytes, tuple[str, str]] = {}
    for record in records:
        if record.recorded_on != UNDATED:
            year = record.recorded_on[:4]
            first, last = years.get(record.subject, (year, year))
            years[record.subject] = min(first, year), max(last, year)
    if len(years) < MIN_COUNT:
        return UNDATED, UNDATED
    firsts, lasts = zip(*years.values(), strict=True)
    return sorted(firsts)[MIN_COUNT - 1], sorted(lasts)[-MIN_COUNT]


def _data(result: TrainingResult) -> dict[str, Any]:
    missing = _MISSING[result.development.kind]
    flow = describe_cohort(result.cohort, result.matrix)
    return flow | {"partition": _PARTITION, "missing": missing}


def _steady_all(counts: Mapping[str, int]) -> dict[str, int | str]:
    return {reason: steady(count) for reason, count in sorted(counts.items()) if count >= MIN_COUNT}


def _predictors(question: Question, result: TrainingResult) -> list[dict[str, Any]]:
    missing_shares = np.isnan(result.matrix.values).mean(axis=0).tolist()
    patients, assessment = len(result.matrix.values), result.assessment
    telling = assessment.telling.columns, assessment.telling.close
    figures = assessment.importance, assessment.strengths, assessment.ranges
    rows = zip(question.predictors(), *telling, *figures, strict=True)
    return [
        {
            "code": feature.code,
            "words": feature.words,
            "category": feature.category,
            "accepts": feature.accepted,
            "missing": feature.missing,
            "missing_share": None
            if is_close
            else coarsen_missing(missing_shares[column], patients),
            "mean_log_odds": None if is_telling else round(importance, 3),
            "auroc_alone": None if is_telling else round(strength, 3),
            "reviewed": feature.reviewed,
            "range": bounds,
            "bins": {"edges": [], "shares": []}
            if is_close
            else describe_bins(
                result.matrix.values[:, column].astype(np.float64), feature.code_count
            ),
        }
        for column, is_telling, is_close, importance, (feature, strength), bounds in rows
    ]


def _provenance(question: Question, result: TrainingResult) -> dict[str, Any]:
    cohort, development = result.cohort, result.development
    manifest = cohort.manifest
    return {
        "manifest_root": manifest.root.hex(),
        "lines": steady(len(manifest.lines)),
        "consents": steady(len(cohort.consents())),
        "view": _view(cohort.view),
        "seed": manifest.seed,
        "parameters": development.setting.content(development.rounds),
        "budget": asdict(result.budget),
        "code": hash_code(),
        "libraries": {
            "python": ".".join(map(str, sys.version_info[:3])),
            "numpy": np.__version__,
            "xgboost": booster.version(),
        },
    }


def _view(view: View) -> dict[str, Any]:
    return {
        "chain_id": view.chain_id,
        "contract": view.contract,
        "block_number": view.block_number,
        "block_hash": view.block_hash.hex(),
        "count": view.count,
        "head": view.head.hex(),
    }


def hash_code() -> str:
    """Return the sha-256 over the sources of this package: which code made the model."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
