"""Simulate cohorts from NHANES and count how often the gate refuses honest and odd ones."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.assessment import assess
from models.budget import DEFAULT_BUDGET, Budget
from models.cohort import exclusion_reasons, to_matrix
from models.data_checks import check_data, name_persons
from models.development import Conditions, develop
from models.features import Matrix
from models.gate import GateCode
from models.question import Question
from records.mapping import Mapping
from records.table import read_table

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "deploy" / "examples" / "nhanes"
KINDS = ("honest", "no signal", "copied", "leaking")
SIZES = (100, 300, 1_000, 2_000, 5_000)
LEAK = 7
"""The column of body mass index in the shipped question."""
SHORT = Budget(repeats=1, folds=5, inner_folds=2, shadows=16)
"""Less work for each cohort; what it changes is stated beside the figures."""


def load_nhanes() -> tuple[Question, Matrix]:
    """Return the shipped question, and the rows of everybody in the example."""
    question = Question.load(ROOT / "models" / "questions" / "nhanes-diabetes.toml")
    rows = read_table(EXAMPLE / "table.csv", Mapping.load(EXAMPLE / "mapping.toml"))
    patients = [row.records(row.person.encode(), "organisation:bench") for row in rows]
    reasons = exclusion_reasons(question, patients, Counter())
    usable = [records for records, reason in zip(patients, reasons, strict=True) if not reason]
    return question, to_matrix(question, usable)


def draw_cohort(matrix: Matrix, kind: str, size: int, chance: np.random.Generator) -> Matrix:
    """Return a cohort of this kind, drawn without replacement."""
    chosen = chance.permutation(len(matrix.labels))[:size]
    values, labels = matrix.values[chosen].copy(), matrix.labels[chosen].copy()
    if kind == "no signal":
        labels = chance.permutation(labels)
    elif kind == "copied":
        half = size // 2
        values[half:], labels[half:] = values[: size - half], labels[: size - half]
    elif kind == "leaking":
        # Body mass index, which nobody reviewed, becomes a noisy copy of the label.
        right = chance.random(size) < 0.95
        values[:, LEAK] = np.where(labels == right, 60, 40) + chance.normal(0, 1, size)
    return Matrix(values, labels)


def run_gate(matrix: Matrix, question: Question, budget: Budget) -> list[GateCode]:
    """Return the codes with which the gate refuses a cohort; empty if its model is published."""
    names = [f"{row:064x}" for row in range(len(matrix.labels))]
    events = int(matrix.labels.sum())
    if min(events, len(names) - events) < 11:
        return [GateCode.TOO_FEW_PATIENTS]
    flaws = check_data(matrix, question, ())
    if flaws:
        return [flaw.code for flaw in flaws]
    persons = name_persons(matrix.values[:, question.predictors()], names)
    development = develop(matrix, persons, question, Conditions("study:bench", budget, 1))
    return [failure.code for failure in assess(matrix, names, question, development).failures]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print, for each kind and size, the share refused and the most frequent reasons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200, help="for each kind and size")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--short", action="store_true", help="smaller budget for each cohort")
    options = parser.parse_args(arguments)
    question, everybody = load_nhanes()
    budget = SHORT if options.short else DEFAULT_BUDGET
    for kind in options.kinds:
        for size in options.sizes:
            started_s = time.perf_counter()
            refused, reasons = 0, Counter[str]()
            for number in range(options.cohorts):
                chance = np.random.default_rng([number, size])
                codes = run_gate(draw_cohort(everybody, kind, size, chance), question, budget)
                refused += bool(codes)
                reasons.update({code.value for code in codes})
            each_s = (time.perf_counter() - started_s) / options.cohorts
            frequent = ", ".join(f"{name} {n}" for name, n in reasons.most_common(4))
            print(
                f"{kind:10} n {size:5} refused {refused} of {options.cohorts}"
                f" ({each_s:.1f} s each): {frequent}",
                flush=True,
            )


if __name__ == "__main__":
    main()
