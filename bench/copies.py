"""Measures what an anonymised copy keeps: columns, risk, and AUROC beside that of the full data."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.anonymity import find_releasable, measure
from models.cohort import exclusion_reasons, to_matrix
from models.copy_plan import make_plan
from models.diagnostics import QUESTIONS
from models.features import Matrix
from models.question import Question
from records.mapping import Mapping
from records.table import read_table

EXAMPLE: Final = Path(__file__).resolve().parents[1] / "deploy" / "examples" / "nhanes"
FOLDS: Final = 5


def main() -> None:
    question = Question.load(QUESTIONS / "nhanes-diabetes.toml")
    matrix = _load_matrix(question)
    plan = make_plan(question, matrix, ())
    classes = plan.recoding.classes(matrix.values.astype(np.float64))
    is_released = find_releasable(classes, matrix.labels)
    measured = measure(classes[is_released], matrix.labels[is_released])
    full, copied = _compare(question, matrix)
    figures = {
        "rows": len(is_released),
        "rows_in_the_copy": measured.rows,
        "columns": len(plan.columns),
        "classes": measured.classes,
        "smallest_class": measured.k,
        "label_distance": round(measured.distance, 3),
        "prosecutor_risk_max": round(measured.max_risk, 3),
        "prosecutor_risk_mean": round(measured.mean_risk, 3),
        "auroc_full_data": round(full, 3),
        "auroc_copy": round(copied, 3),
        "auroc_loss": round(full - copied, 3),
    }
    print(json.dumps(figures))


def _load_matrix(question: Question) -> Matrix:
    mapping = Mapping.load(EXAMPLE / "mapping.toml")
    people = [
        row.records(row.person.encode().ljust(32, b"\0"), "organisation:example")
        for row in read_table(EXAMPLE / "table.csv", mapping)
    ]
    reasons = exclusion_reasons(question, people, Counter())
    usable = [records for records, reason in zip(people, reasons, strict=True) if not reason]
    return to_matrix(question, usable)


def _compare(question: Question, matrix: Matrix) -> tuple[float, float]:
    """Return the mean AUROC of a logistic regression on held-out people, trained on each."""
    values, labels = matrix.values.astype(np.float64), matrix.labels
    scores = []
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(values, labels):
        plan = make_plan(question, Matrix(matrix.values[train], labels[train]), ())
        columns = list(plan.recoding.columns)
        classes = plan.recoding.classes(values[train])
        is_released = find_releasable(classes, labels[train])
        copy = np.array([plan.recoding.centres[node] for node in classes])
        scores.append(
            (
                _auroc(values[train], labels[train], values[test], labels[test]),
                _auroc(
                    copy[is_released],
                    labels[train][is_released],
                    values[test][:, columns],
                    labels[test],
                ),
            )
        )
    full, copied = np.mean(scores, axis=0)
    return float(full), float(copied)


def _auroc(
    values: np.ndarray, labels: np.ndarray, others: np.ndarray, their_labels: np.ndarray
) -> float:
    model = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=0.1, max_iter=1000),
    ).fit(values, labels)
    return float(roc_auc_score(their_labels, model.predict_proba(others)[:, 1]))


if __name__ == "__main__":
    main()
