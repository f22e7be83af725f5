"""Simulate cohorts from real people and count how often the gate refuses honest and odd ones."""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from scipy.special import betaincinv

from bench.nafld import load_nafld
from models.assessment import assess
from models.budget import DEFAULT_BUDGET, Budget
from models.cohort import exclusion_reasons, to_matrix
from models.data_checks import Predictors, check_data, name_persons
from models.development import Conditions, develop
from models.features import Matrix
from models.gate import GateCode
from models.leakage import find_leaking_features, find_unreviewed_features, measure_features
from models.question import Question
from records.mapping import Mapping as TableMapping
from records.table import read_table
from records.values import NUMBER

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "deploy" / "examples" / "nhanes"
KINDS = ("copied", "jittered", "leaking", "honest", "no signal")
SIZES = (100, 300, 1_000, 2_000, 5_000)
JITTER = 0.02
"""Of the standard deviation of each number of a near copy."""
DROPPED = 0.05
SHORT = Budget(repeats=1, folds=5, inner_folds=2, shadows=16)
"""Less work for each cohort; what it changes is stated beside the figures."""

Cohorts = Mapping[str, tuple[Question, Matrix]]


@dataclass(frozen=True, slots=True)
class Trial:
    """One cohort: which, and the codes with which the gate refused it."""

    data: str
    kind: str
    size: int
    number: int
    budget: str
    codes: tuple[str, ...]
    seconds: float

    @property
    def cohort(self) -> tuple[str, str, int, int, str]:
        """What tells it from other cohorts."""
        return self.data, self.kind, self.size, self.number, self.budget


def load_nhanes() -> tuple[Question, Matrix]:
    """Return the shipped question, and the rows of everybody in the example."""
    return load_cohort(ROOT / "models" / "questions" / "nhanes-diabetes.toml", EXAMPLE)


def load_cohort(question_file: Path, folder: Path) -> tuple[Question, Matrix]:
    """Return a question, and the rows of everybody in table.csv that mapping.toml describes."""
    question = Question.load(question_file)
    rows = read_table(folder / "table.csv", TableMapping.load(folder / "mapping.toml"))
    patients = [row.records(row.person.encode(), "organisation:bench") for row in rows]
    reasons = exclusion_reasons(question, patients, Counter())
    usable = [records for records, reason in zip(patients, reasons, strict=True) if not reason]
    return question, to_matrix(question, usable)


def draw_cohort(
    question: Question, matrix: Matrix, kind: str, size: int, chance: np.random.Generator
) -> Matrix:
    """Return a cohort of this kind, drawn without replacement: of everybody, if there are fewer."""
    chosen = chance.permutation(len(matrix.labels))[:size]
    size = len(chosen)
    values, labels = matrix.values[chosen].copy(), matrix.labels[chosen].copy()
    numbers = [n for n, feature in enumerate(question.features) if feature.kind == NUMBER]
    half = size // 2
    if kind == "no signal":
        labels = chance.permutation(labels)
    elif kind in ("copied", "jittered"):
        values[half:], labels[half:] = values[: size - half], labels[: size - half]
    elif kind == "leaking":
        # A number that nobody reviewed becomes a noisy copy of the label.
        column = next(n for n in numbers if not question.features[n].reviewed)
        right = chance.random(size) < 0.95
        values[:, column] = np.where(labels == right, 60, 40) + chance.normal(0, 1, size)
    if kind == "jittered":
        scale = JITTER * np.nanstd(values[:, numbers], axis=0)
        values[half:, numbers] += chance.normal(0, 1, (size - half, len(numbers))) * scale
        values[half:][chance.random((size - half, values.shape[1])) < DROPPED] = np.nan
    return Matrix(values, labels)


def run_gate(matrix: Matrix, question: Question, budget: Budget) -> list[GateCode]:
    """Return the codes with which the gate refuses a cohort; empty if its model is published.

    A cohort that is refused without a model is not trained: its other codes are left out.
    """
    names = [f"{row:064x}" for row in range(len(matrix.labels))]
    events = int(matrix.labels.sum())
    if min(events, len(names) - events) < 11:
        return [GateCode.TOO_FEW_PATIENTS]
    alone = measure_features(matrix, question)
    unexplained = math.nextafter(question.gate.max_feature_auroc, 0)
    predictors = Predictors.of(matrix, question)
    flaws = [
        *check_data(matrix, question, (), predictors),
        *find_leaking_features(matrix, question),
        # Of the best model that nobody must explain, which weighs all equally: by their own AUROC.
        *find_unreviewed_features(question, alone, [1.0] * len(alone), unexplained),
    ]
    if flaws:
        return [flaw.code for flaw in flaws]
    persons = name_persons(predictors, names)
    development = develop(matrix, persons, question, Conditions("study:bench", budget, 1))
    return [failure.code for failure in assess(matrix, names, question, development).failures]


def read_trials(path: Path) -> list[Trial]:
    """Return the cohorts of an earlier run that were finished."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.endswith("}")]
    return [Trial(**{**row, "codes": tuple(row["codes"])}) for row in rows]


def run_trials(cohorts: Cohorts, options: argparse.Namespace) -> Iterator[Trial]:
    """Yield each cohort that `options.results` does not have yet, and add it to that file."""
    done = {trial.cohort for trial in read_trials(options.results)}
    name, budget = ("short", SHORT) if options.short else ("full", DEFAULT_BUDGET)
    plan = [
        (data, kind, size, number, name)
        for number in range(options.cohorts)
        for data in cohorts
        for size in options.sizes
        for kind in options.kinds
    ]
    for cohort in plan:
        data, kind, size, number, _ = cohort
        if cohort in done:
            continue
        question, everybody = cohorts[data]
        chance = np.random.default_rng([number, size])
        started_s = time.process_time()
        matrix = draw_cohort(question, everybody, kind, size, chance)
        codes = sorted({code.value for code in run_gate(matrix, question, budget)})
        trial = Trial(*cohort, tuple(codes), round(time.process_time() - started_s, 1))
        with options.results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(trial)) + "\n")
        yield trial


def summarise(trials: Iterable[Trial]) -> Iterator[str]:
    """Yield a row of a table for each data set, kind and size: share refused, 95 % interval."""
    groups: dict[tuple[str, str, int, str], list[Trial]] = {}
    for trial in trials:
        groups.setdefault((trial.data, trial.kind, trial.size, trial.budget), []).append(trial)
    for (data, kind, size, budget), group in sorted(groups.items()):
        refused = sum(bool(trial.codes) for trial in group)
        low, high = find_interval(refused, len(group))
        reasons = Counter(code for trial in group for code in trial.codes)
        frequent = ", ".join(f"{name} {n}" for name, n in reasons.most_common(4))
        seconds = sum(trial.seconds for trial in group) / len(group)
        yield (
            f"| {data} | {kind} | {size:,} | {budget} | {refused} of {len(group)} |"
            f" {low:.3f} to {high:.3f} | {seconds:.1f} | {frequent} |"
        )


def find_interval(count: int, of: int) -> tuple[float, float]:
    """Return the exact 95 % interval of a share (Clopper and Pearson 1934)."""
    low = float(betaincinv(count, of - count + 1, 0.025)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 0.975)) if count < of else 1.0
    return low, high


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is missing of the plan, then print the share refused of each kind and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cohorts", type=int, default=200, help="for each kind and size")
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--short", action="store_true", help="smaller budget for each cohort")
    parser.add_argument("--nafld", type=Path, help="the folder of the nafld_raw_*.csv.gz files")
    parser.add_argument(
        "--results", type=Path, default=Path("gate.jsonl"), help="JSON lines; a run continues them"
    )
    options = parser.parse_args(arguments)
    cohorts = {"NHANES": load_nhanes()}
    if options.nafld is not None:
        cohorts["NAFLD"] = load_nafld(options.nafld)
    for trial in run_trials(cohorts, options):
        print(json.dumps(asdict(trial)), flush=True)
    print("| data | kind | people | budget | refused | 95 % interval | s each | reasons |")
    print("|---|---|---|---|---|---|---|---|")
    for line in summarise(read_trials(options.results)):
        print(line)


if __name__ == "__main__":
    main()
