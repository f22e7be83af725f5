"""Measures how often the interval of an answer holds the observed share of new patients."""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bench.gate import ROOT, load_cohort, load_nhanes
from bench.nafld import load_nafld
from models.answer_interval import AnswerInterval, fit_interval
from models.calibration import Floats, Labels
from models.candidates import Fitter, list_settings
from models.card import KNOWN_SITE, NEW_SITE, UNMEASURED_SITE, Card
from models.cohort import exclusion_reasons, to_matrix
from models.crossvalidation import Rows
from models.features import Matrix
from models.folds import draw_folds
from models.question import Question
from models.recalibration import fit_recalibration
from models.split_validation import SplitModels, measure_site_variation, validate_splits
from records.mapping import Mapping
from records.table import read_table

GROUPS = 10
NORMAL = 1.96
SIZES = (400, 1_000, 2_500)
SETTINGS = (2, 5)
MADE_UP_SITES = 12
SHIFT = 0.5
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


@dataclass(frozen=True, slots=True)
class Trained:
    """A model of some patients with the interval of its estimates.

    Attributes:
        models: how it was fitted, with its log-odds out of fold.
        rows: whom it was fitted to.
        interval: learned from the same patients.
    """

    models: SplitModels
    rows: Rows
    interval: AnswerInterval

    def measure_groups(
        self, values: Floats, outcomes: Labels, site: str = KNOWN_SITE, sites: Any = None
    ) -> Iterator[Group]:
        """Yield ten groups of new patients with the intervals of the card.

        Args:
            values: of the patients.
            outcomes: of the patients.
            site: whether the model learned from their site, as a card says it.
            sites: what the card says of the sites.
        """
        card = Card({"interval": asdict(self.interval), "sites": sites})
        fitted = fit(self.models, self.rows.values, self.rows.labels, values)
        log_odds = fit_recalibration(self.rows.labels, self.models.raw).apply(fitted)
        estimates: Floats = 1 / (1 + np.exp(-log_odds))
        for group in np.array_split(np.argsort(estimates, kind="stable"), GROUPS):
            around = [card.interval(float(each), site) for each in estimates[group]]
            bounds = np.array(around).mean(axis=0)
            yield compare(bounds, float(estimates[group].mean()), outcomes[group])


def train(question: Question, matrix: Matrix, training: Labels, setting: int) -> Trained:
    """Return a model of the training part, with the interval as the platform learns it."""
    values = matrix.values[training][:, question.predictors()]
    labels = matrix.labels[training]
    persons = tuple(f"{row:064x}" for row in np.flatnonzero(training))
    chosen = list_settings(question, labels)[setting]
    models = SplitModels(Fitter.of(question, 1), chosen, chosen.rounds[0], np.zeros(len(labels)))
    folds = draw_folds(labels, list(persons), folds=5, draw=("bench",))
    for fold in range(5):
        test = folds == fold
        models.raw[test] = fit(models, values[~test], labels[~test], values[test])
    calibrated = fit_recalibration(labels, models.raw).apply(models.raw)
    rows = Rows(values, labels, persons)
    return Trained(models, rows, fit_interval(labels, calibrated, folds))


def fit(models: SplitModels, values: Floats, labels: Labels, new: Floats) -> Floats:
    """Return the log-odds of new rows by a model of these rows."""
    fitted = models.fitter.fit_choice(models.setting, models.rounds, values, labels)
    return fitted.final_log_odds(new)


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
        values = matrix.values[~training][:, question.predictors()]
        for setting in SETTINGS:
            trained = train(question, matrix, training, setting)
            groups += trained.measure_groups(values, matrix.labels[~training])
    return groups


def by_site(
    question: Question, matrix: Matrix, sites: Sequence[str], settings: Sequence[int] = SETTINGS
) -> tuple[list[Group], list[Group]]:
    """Return the groups of each site by models of the others, with the interval of a known site.

    The second groups have the interval of a new site: how far the other sites differ is measured
    by holding out each of them in turn, so that nothing of the tested site is used.
    """
    names = np.array(sites)
    known: list[Group] = []
    new: list[Group] = []
    for site in sorted(set(sites)):
        test = names == site
        values = matrix.values[test][:, question.predictors()]
        for setting in settings:
            trained = train(question, matrix, ~test, setting)
            others = validate_splits(trained.rows, trained.models, names[~test].tolist())
            variation = measure_site_variation(others)
            sites_of_card = {"names": [], "variation": asdict(variation) if variation else None}
            kind = NEW_SITE if variation else UNMEASURED_SITE
            known += trained.measure_groups(values, matrix.labels[test])
            new += trained.measure_groups(values, matrix.labels[test], kind, sites_of_card)
    return known, new


def make_up_sites(question: Question, matrix: Matrix, draw: int) -> tuple[Matrix, list[str]]:
    """Return the people at made-up sites, whose outcomes are drawn again.

    Each site has its own shift of the log-odds, normal with standard deviation `SHIFT`, beside
    what a model of everybody says; so the variation between sites is as the method assumes.
    """
    chance = np.random.default_rng([draw, MADE_UP_SITES])
    values = matrix.values[:, question.predictors()]
    chosen = list_settings(question, matrix.labels)[0]
    models = SplitModels(Fitter.of(question, 1), chosen, chosen.rounds[0], np.zeros(0))
    log_odds = fit(models, values, matrix.labels, values)
    sites = chance.integers(MADE_UP_SITES, size=len(matrix.labels))
    shifted = log_odds + chance.normal(0, SHIFT, MADE_UP_SITES)[sites]
    labels = chance.random(len(shifted)) < 1 / (1 + np.exp(-shifted))
    return replace(matrix, labels=labels), [f"site {site:02}" for site in sites]


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


def report(name: str, groups: Sequence[Group]) -> dict[str, Any]:
    """Write the coverage of some groups to stderr as a line; return it as figures."""
    covered = float(np.mean([group.is_covered for group in groups]))
    inside = float(np.mean([group.inside for group in groups]))
    width = 100 * float(np.mean([group.width for group in groups]))
    sys.stderr.write(
        f"{name:56} covered {covered:.3f}, without allowing for chance {inside:.3f}, "
        f"mean width {width:.1f} points, {len(groups)} groups\n"
    )
    return {
        f"{name}: covered": round(covered, 3),
        f"{name}: without allowing for chance": round(inside, 3),
        f"{name}: mean width, points of 100": round(width, 1),
    }


def measure_made_up_sites(question: Question, matrix: Matrix, draws: int) -> dict[str, Any]:
    """Return the coverage at new sites where the sites are as the method assumes."""
    known: list[Group] = []
    new: list[Group] = []
    for draw in range(draws):
        made_up, sites = make_up_sites(question, matrix, draw)
        groups = by_site(question, made_up, sites, SETTINGS[:1])
        known, new = known + groups[0], new + groups[1]
    name = f"NHANES, {MADE_UP_SITES} made-up sites, each left out"
    return report(f"{name}, as if known", known) | report(name, new)


def measure(repeats: int, draws: int, nafld: Path | None) -> dict[str, Any]:
    """Return the coverage on each data set; NAFLD only where the folder of its tables is given."""
    question, matrix, sites = load_heart()
    figures = report("UCI heart, 600 at random", at_random(question, matrix, 600, repeats))
    known, new = by_site(question, matrix, sites)
    figures |= report("UCI heart, each site left out, as if known", known)
    figures |= report("UCI heart, each site left out", new)
    cohorts = {"NHANES": load_nhanes()}
    figures |= measure_made_up_sites(*cohorts["NHANES"], draws)
    if nafld is not None:
        cohorts["NAFLD"] = load_nafld(nafld)
    for name, (question, matrix) in cohorts.items():
        for size in SIZES:
            groups = at_random(question, matrix, size, repeats)
            figures |= report(f"{name}, {size} at random", groups)
    return figures


def measure_folders(repeats: int, folders: Sequence[Path]) -> dict[str, Any]:
    """Return the coverage on data of one's own, at the sizes that leave three tenths to test."""
    figures: dict[str, Any] = {}
    for folder in folders:
        question, matrix = load_cohort(folder / "question.toml", folder)
        for size in SIZES:
            if size <= 0.7 * len(matrix.labels):
                groups = at_random(question, matrix, size, repeats)
                figures |= report(f"{folder.name}, {size} at random", groups)
    return figures


def main() -> None:
    """Print the empirical coverage of the 95 % interval on each data set as a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30, help="random divisions of each size")
    parser.add_argument("--draws", type=int, default=5, help="of made-up sites")
    parser.add_argument("--nafld", type=Path, help="the folder of the nafld_raw_*.csv.gz files")
    parser.add_argument(
        "--folders",
        type=Path,
        nargs="*",
        help="measure these alone: each has table.csv, and what `vouchsafe describe` drafts of it",
    )
    options = parser.parse_args()
    with threadpool_limits(1):
        if options.folders:
            figures = measure_folders(options.repeats, options.folders)
        else:
            figures = measure(options.repeats, options.draws, options.nafld)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
