"""Measures how often the interval of an answer holds the observed share of new patients."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.gate import ROOT, load_nhanes
from bench.nafld import QUESTIONS, extract, read_records
from bench.nafld import measure as measure_nafld
from models.answer_interval import fit_interval
from models.calibration import Floats, Labels
from models.candidates import Fitter, Setting, list_settings
from models.cohort import exclusion_reasons, to_matrix
from models.features import Matrix
from models.folds import draw_folds
from models.question import Question
from models.recalibration import fit_recalibration
from records.mapping import Mapping
from records.table import read_table

GROUPS = 10
NORMAL = 1.96
SIZES = (400, 1_000, 2_500)
HEART = ROOT / "deploy" / "examples" / "heart"


@dataclass(frozen=True, slots=True)
class Group:
    """New patients with similar estimates, beside the interval of their mean estimate.

    `inside` is whether the observed share lies in the interval alone; `is_covered` allows for the
    chance variation of a share among this many people, which is no fault of the interval.
    """

    is_covered: bool
    inside: bool
    width: float


def measure_groups(
    question: Question, matrix: Matrix, training: Labels, setting: int
) -> Iterator[Group]:
    """Yield ten groups of the other patients, with intervals learned from the training part."""
    fitter, columns = Fitter.of(question, 1), question.predictors()
    values, labels = matrix.values[training][:, columns], matrix.labels[training]
    chosen = list_settings(question, labels)[setting]
    persons = [f"{row:064x}" for row in np.flatnonzero(training)]
    folds = draw_folds(labels, persons, folds=5, draw=("bench",))
    raw = np.zeros(len(labels))
    for fold in range(5):
        test = folds == fold
        raw[test] = fit(fitter, chosen, values[~test], labels[~test], values[test])
    recalibration = fit_recalibration(labels, raw)
    interval = fit_interval(labels, recalibration.apply(raw), folds)
    new = matrix.values[~training][:, columns]
    log_odds = recalibration.apply(fit(fitter, chosen, values, labels, new))
    estimates: Floats = 1 / (1 + np.exp(-log_odds))
    outcomes = matrix.labels[~training]
    for group in np.array_split(np.argsort(estimates, kind="stable"), GROUPS):
        bounds = np.array([interval.around(float(estimate)) for estimate in estimates[group]])
        yield compare(bounds.mean(axis=0), float(estimates[group].mean()), outcomes[group])


def fit(fitter: Fitter, setting: Setting, values: Floats, labels: Labels, new: Floats) -> Floats:
    """Return the log-odds of new rows by a model of these rows."""
    return fitter.fit_choice(setting, setting.rounds[0], values, labels).final_log_odds(new)


def compare(bounds: Floats, expected: float, outcomes: Labels) -> Group:
    """Return whether the observed share of a group lies in the interval of its estimates."""
    low, high = float(bounds[0]), float(bounds[1])
    observed, chance = float(outcomes.mean()), expected * (1 - expected) / len(outcomes)
    below = expected - np.sqrt((expected - low) ** 2 + NORMAL**2 * chance)
    above = expected + np.sqrt((high - expected) ** 2 + NORMAL**2 * chance)
    return Group(bool(below <= observed <= above), low <= observed <= high, high - low)


def at_random(question: Question, matrix: Matrix, size: int, repeats: int) -> list[Group]:
    """Return the groups of random divisions: the new patients are like those of the training."""
    groups: list[Group] = []
    for repeat in range(repeats):
        order = np.random.default_rng([repeat, size]).permutation(len(matrix.labels))
        training = np.zeros(len(order), np.bool_)
        training[order[:size]] = True
        for setting in (2, 5):
            groups += measure_groups(question, matrix, training, setting)
    return groups


def by_site(question: Question, matrix: Matrix, sites: Sequence[str]) -> list[Group]:
    """Return the groups of each site, by models of the other sites."""
    names = np.array(sites)
    return [
        group
        for site in sorted(set(sites))
        for setting in (2, 5)
        for group in measure_groups(question, matrix, names != site, setting)
    ]


def load_heart() -> tuple[Question, Matrix, list[str]]:
    """Return the question, the rows and the site of each person of the example."""
    question = Question.load(ROOT / "models" / "questions" / "uci-heart.toml")
    rows = list(read_table(HEART / "table.csv", Mapping.load(HEART / "mapping.toml")))
    patients = [row.records(row.person.encode(), "organisation:bench") for row in rows]
    with (HEART / "table.csv").open(encoding="utf-8") as table:
        sites = [line["site"] for line in csv.DictReader(table)]
    reasons = exclusion_reasons(question, patients, Counter())
    usable = [not reason for reason in reasons]
    chosen = [records for records, use in zip(patients, usable, strict=True) if use]
    names = [site for site, use in zip(sites, usable, strict=True) if use]
    return question, to_matrix(question, chosen), names


def load_nafld(tables: Path) -> tuple[Question, Matrix]:
    """Return the question about diabetes at the visit, with its rows."""
    question = Question.load(QUESTIONS / "diabetes-now.toml")
    people, _ = read_records(tables)
    matrix, _ = measure_nafld(question, extract(people), len(people))
    return question, matrix


def report(name: str, groups: Sequence[Group]) -> dict[str, Any]:
    """Write the coverage of some groups to stderr as a line; return it as figures."""
    covered = float(np.mean([group.is_covered for group in groups]))
    inside = float(np.mean([group.inside for group in groups]))
    width = 100 * float(np.mean([group.width for group in groups]))
    sys.stderr.write(
        f"{name:42} covered {covered:.3f}, without allowing for chance {inside:.3f}, "
        f"mean width {width:.1f} points, {len(groups)} groups\n"
    )
    return {
        f"{name}: covered": round(covered, 3),
        f"{name}: without allowing for chance": round(inside, 3),
        f"{name}: mean width, points of 100": round(width, 1),
    }


def measure(repeats: int, nafld: Path | None) -> dict[str, Any]:
    """Return the coverage on each data set; NAFLD only where the folder of its tables is given."""
    question, matrix, sites = load_heart()
    figures = report("UCI heart, 600 at random", at_random(question, matrix, 600, repeats))
    figures |= report("UCI heart, each site left out", by_site(question, matrix, sites))
    cohorts = {"NHANES": load_nhanes()}
    if nafld is not None:
        cohorts["NAFLD"] = load_nafld(nafld)
    for name, (question, matrix) in cohorts.items():
        for size in SIZES:
            groups = at_random(question, matrix, size, repeats)
            figures |= report(f"{name}, {size} at random", groups)
    return figures


def main() -> None:
    """Print the empirical coverage of the 95 % interval on each data set as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30, help="random divisions of each size")
    parser.add_argument("--nafld", type=Path, help="the folder of the nafld_raw_*.csv.gz files")
    options = parser.parse_args()
    with threadpool_limits(1):
        print(json.dumps(measure(options.repeats, options.nafld)))


if __name__ == "__main__":
    main()
