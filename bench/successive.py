"""Simulates readers of what is published before and after one person left, or of a card and a copy.

Each knows who left, and that person's values, and tells the outcome; half of these people have it,
so guessing is right in half of the cases. Patients are drawn from the examples. Each model has a
fixed setting, where a training searches for one, and no recalibration; a card here has the figures
of its evaluation alone, by a regression.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from bench.coverage import load_heart, train
from bench.gate import find_interval, load_nhanes
from models.budget import DEFAULT_BUDGET
from models.calibration import Floats, Labels
from models.candidates import Fitter, Setting, list_settings
from models.card_content import describe_evaluation
from models.evaluation import auroc, evaluate
from models.features import Matrix, Values
from models.folds import draw_folds
from models.person_weights import draw_weights
from models.question import Question
from models.recalibration import fit_recalibration
from models.sample_size import measure_sample_size
from models.served_model import LOGISTIC
from models.subgroups import divide_into_subgroups
from models.suppression import steady
from models.telling import VisibleCuts

Rows = npt.NDArray[np.intp]
ANSWERED = 50
LEFT_OUT = 10
LEFT = {"only one person left": 0, "one left, ten left out": LEFT_OUT}
ANSWERS = {
    **{case: (left_out, False) for case, left_out in LEFT.items()},
    "one left, ten left out, weights drawn": (LEFT_OUT, True),
}
"""How many are left out too, and whether people have weights, as in a training."""
USEFUL = "uci|oldpeak"
MANY = 500
"""Of more patients the NHANES example is used, of fewer the heart example."""
SIZES = {
    "answers": (300, 1_000),
    "cards": (200, 400),
    "copies": (200, 400, 1_000, 2_000),
    "loss": (100, 300, 1_000),
}
TRIALS = {"answers": 120, "cards": 160, "copies": 2_000, "loss": 100}


@dataclass(frozen=True, slots=True)
class Verdicts:
    """How often a reader was right, and what else was measured."""

    case: str
    patients: int
    right: int
    of: int
    note: str = ""

    def __str__(self) -> str:
        """Return a row of the table, with the exact 95 % interval of the share."""
        low, high = find_interval(self.right, self.of)
        share = f"{self.right / self.of:.2f} ({low:.2f} to {high:.2f})"
        counts = f"{self.right} of {self.of}"
        return f"| {self.case} | {self.patients:,} | {counts} | {share} | {self.note} |"


def describe_mean(values: Sequence[float]) -> str:
    """Return a mean with half the width of its 95 % interval."""
    return f"{np.mean(values):.4f} ± {1.96 * np.std(values) / np.sqrt(len(values)):.4f}"


def judge(scores: Sequence[float], outcomes: Sequence[bool], chance: np.random.Generator) -> int:
    """Return how often the sign of a score tells the outcome; a score of 0 is a guess."""
    coins = chance.random(len(scores)) < 0.5
    says_yes = np.where(np.asarray(scores) == 0, coins, np.asarray(scores) > 0)
    return int((says_yes == np.asarray(outcomes)).sum())


def find_pair(labels: Labels, estimates: Floats) -> tuple[int, int]:
    """Return a row with the outcome and one without it, whose estimates are the closest.

    What is known of the two tells nothing of their outcomes then.
    """
    with_it, without = np.flatnonzero(labels), np.flatnonzero(~labels)
    apart = np.abs(estimates[with_it][:, None] - estimates[without][None, :])
    place = np.unravel_index(np.argmin(apart), apart.shape)
    return int(with_it[place[0]]), int(without[place[1]])


def scale(values: Values) -> Floats:
    """Return each column with mean 0 and a standard deviation of 1; 0 where a value is missing."""
    spread = np.nanstd(values, axis=0) + 1e-9
    scaled: Floats = np.nan_to_num((values - np.nanmean(values, axis=0)) / spread)
    return scaled


def estimate_each(answer: Callable[[Rows, Rows], Floats], rows: Rows) -> Floats:
    """Return an estimate about each of these people, of a model that learned from others."""
    estimates = np.zeros(len(rows))
    estimates[::2], estimates[1::2] = (
        answer(rows[1::2], rows[::2]),
        answer(rows[::2], rows[1::2]),
    )
    return estimates


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of models of some of all rows, in whole percent."""

    values: Values
    labels: Labels
    fitter: Fitter
    setting: Setting

    def answer(
        self, rows: Rows, new: Rows, *, is_weighted: bool = False, without: int | None = None
    ) -> Floats:
        """Return the estimates about new rows of a model of these rows.

        Args:
            rows: to learn from.
            new: to answer about.
            is_weighted: whether they count differently.
            without: the place of a row whose fold is left out.
        """
        seen, names = (self.values[rows], self.labels[rows]), [str(row) for row in rows]
        weights = draw_weights(names, *seen) if is_weighted else np.ones(len(rows))
        others = np.ones(len(rows), np.bool_)
        if without is not None:
            folds = draw_folds(seen[1], names, folds=DEFAULT_BUDGET.folds, draw=("bench",))
            others = folds != folds[without]
        choice = self.setting, self.setting.rounds[0]
        made = self.fitter.fit_weighted(choice, seen[0][others], seen[1][others], weights[others])
        return np.round(1 / (1 + np.exp(-made.final_log_odds(self.values[new]))), 2)


def compare_answers(size: int, trials: int) -> Iterator[Verdicts]:
    """Yield how often answers of two models, before and after, tell of the one who left.

    Both models have the same settings, and answer about the same people in whole percent. One
    reader weighs each answer that changed by how alike that person is to the one who left. Another
    has one answer of each model, about that very person, who may still be a patient: by the whole
    model, or by its learner of the other folds, as the platform answers.
    """
    question, matrix = load_nhanes() if size > MANY else load_heart()[:2]
    values, fitter = matrix.values[:, question.predictors()], Fitter.of(question, 1)
    scaled = scale(values)
    settings = {each.kind: each for each in reversed(list_settings(question, matrix.labels[:size]))}
    for kind, setting in settings.items():
        chance = np.random.default_rng(size)
        scores: dict[str, list[float]] = defaultdict(list)

        answer = Answers(values, matrix.labels, fitter, setting).answer
        for _ in range(trials // 2):
            order = chance.permutation(len(matrix.labels))
            rows, new = np.sort(order[:size]), order[size : size + ANSWERED]
            pair = find_pair(matrix.labels[rows], estimate_each(answer, rows))
            persons = np.concatenate([rows[list(pair)], new])
            before = {each: answer(rows, persons, is_weighted=each) for each in (False, True)}
            for place, target in enumerate(pair):
                rest = chance.permutation(np.delete(rows, target))
                likeness = scaled[new] @ scaled[rows[target]]
                for case, (left_out, is_weighted) in ANSWERS.items():
                    after = answer(np.sort(rest[left_out:]), persons, is_weighted=is_weighted)
                    moved = before[is_weighted] - after
                    scores[case].append(float(moved[len(pair) :] @ likeness))
                    scores[f"{case}, about that person"].append(float(moved[place]))
                # The last case is as trained.
                own = answer(rows, rows[[target]], is_weighted=True, without=target)
                scores["as answered, about that person"].append(float(own[0] - after[place]))
        outcomes = [True, False] * (trials // 2)
        rights = {case: judge(each, outcomes, chance) for case, each in scores.items()}
        for case, right in rights.items():
            yield Verdicts(f"answers of {kind}, {case}", size, right, len(outcomes))


def measure_card(question: Question, matrix: Matrix, rows: Sequence[int]) -> dict[str, float]:
    """Return the figures of an evaluation out of fold as a card states them, by their path."""
    members = np.zeros(len(matrix.labels), np.bool_)
    members[list(rows)] = True
    part = Matrix(matrix.values[members], matrix.labels[members])
    kinds = [setting.kind for setting in list_settings(question, part.labels)]
    raw = train(question, matrix, members, kinds.index(LOGISTIC)).models.raw
    estimates = 1 / (1 + np.exp(-fit_recalibration(part.labels, raw).apply(raw)))
    cuts, groups = VisibleCuts(estimates), divide_into_subgroups(question, part)
    figures = evaluate(part.labels, estimates, groups, question.thresholds, cuts)
    return dict(flatten(describe_evaluation(figures)))


def flatten(content: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number of a card by its path."""
    if isinstance(content, Mapping):
        content = list(content.items())
    elif isinstance(content, list | tuple):
        content = list(enumerate(content))
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield path, float(content)
        return
    else:
        return
    for name, member in content:
        yield from flatten(member, f"{path}/{name}")


def learn_from_cards(
    pairs: Sequence[tuple[dict[str, float], dict[str, float]]], outcomes: Labels
) -> int:
    """Return how often a regression on the differences of two cards is right, out of fold."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    common = sorted(set.intersection(*(set(card) for pair in pairs for card in pair)))
    differences = np.array([[a[path] - b[path] for path in common] for a, b in pairs])
    reader = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2_000))
    folds = StratifiedKFold(5, shuffle=True, random_state=1)
    says_yes = cross_val_predict(reader, np.nan_to_num(differences), outcomes, cv=folds)
    return int((says_yes == outcomes).sum())


def compare_cards(size: int, trials: int) -> Iterator[Verdicts]:
    """Yield how often two cards, before and after, of two questions tell of the one who left.

    An input that nobody has changes neither the model nor the evaluation.
    """
    question, matrix, _ = load_heart()
    head, *features = question.text.split("\n[[features]]")
    fewer = "\n[[features]]".join([head, *(f for f in features if f'"{USEFUL}"' not in f)])
    columns = [n for n, feature in enumerate(question.features) if feature.code != USEFUL]
    questions = {
        "one input more, that nobody has": (question, matrix),
        "one input less": (
            Question.parse(fewer, "fewer"),
            Matrix(matrix.values[:, columns], matrix.labels),
        ),
    }
    chance = np.random.default_rng(size)
    draws = []
    for number in range(trials):
        order = [int(row) for row in chance.permutation(len(matrix.labels))]
        target = next(row for row in order if matrix.labels[row] == (number % 2 == 0))
        rest = [row for row in order if row != target][: size - 1]
        draws.append((target, rest, measure_card(question, matrix, [target, *rest])))
    outcomes = np.array([matrix.labels[target] for target, _, _ in draws])
    for change, (other, rows_of) in questions.items():
        for case, left_out in LEFT.items():
            # The rest are in random order: the first are as good as any.
            pairs = [
                (card, measure_card(other, rows_of, rest[left_out:])) for _, rest, card in draws
            ]
            right = learn_from_cards(pairs, outcomes)
            yield Verdicts(f"cards, {change}, {case}", size, right, len(pairs))


def state_counts(patients: int, events: int) -> tuple[object, ...]:
    """Return what a card states of all its patients that follows from their number alone."""
    labels = np.arange(patients) < events
    needed = measure_sample_size(labels, np.zeros(patients), 1).for_risk
    return steady(patients), steady(events), round(events / patients, 2), needed


def compare_copies(size: int, trials: int) -> Iterator[Verdicts]:
    """Yield how often a card's counts tell of one person whom the copy of all others lacks."""
    _, matrix = load_nhanes()
    chance, right = np.random.default_rng(size), 0
    for number in range(trials):
        has_it = number % 2 == 0
        known = int(matrix.labels[chance.permutation(len(matrix.labels))[: size - 1]].sum())
        card = state_counts(size, known + has_it)
        fits = [state_counts(size, known + each) == card for each in (False, True)]
        right += judge([fits[True] - fits[False]], [has_it], chance)
    yield Verdicts("a card and a copy", size, right, trials)


def measure_loss(size: int, trials: int) -> Iterator[str]:
    """Yield the AUROC on new patients that a model of each kind loses by hiding who left.

    It lacks ten people, and has weights of the others.
    """
    question, matrix = load_nhanes() if size > MANY else load_heart()[:2]
    values, chance = matrix.values[:, question.predictors()], np.random.default_rng(size)
    settings = {each.kind: each for each in reversed(list_settings(question, matrix.labels[:size]))}
    fitter = Fitter.of(question, 1)
    lost: dict[str, list[float]] = {kind: [] for kind in settings}
    for _ in range(trials):
        order = chance.permutation(len(matrix.labels))
        new = order[size:]
        for kind, setting in settings.items():
            areas = []
            few = order[: size - LEFT_OUT]
            weights = draw_weights([str(row) for row in few], values[few], matrix.labels[few])
            for rows, drawn in ((order[:size], None), (few, weights)):
                data = values[rows], matrix.labels[rows], drawn
                made = fitter.fit_weighted((setting, setting.rounds[0]), *data)
                areas.append(auroc(matrix.labels[new], made.final_log_odds(values[new])).value)
            lost[kind].append(areas[0] - areas[1])
    for kind, each in lost.items():
        yield f"| AUROC lost by {kind} | {size:,} | | | {describe_mean(each)} |"


COMPARE: Mapping[str, Callable[[int, int], Iterator[object]]] = {
    "answers": compare_answers,
    "cards": compare_cards,
    "copies": compare_copies,
    "loss": measure_loss,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the share right of each reader, by number of patients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kinds", nargs="*", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--sizes", type=int, nargs="*", help="numbers of patients")
    parser.add_argument("--trials", type=int, help="people who leave, for each number")
    options = parser.parse_args(arguments)
    print("| reader of | patients | right | share, exact 95 % interval | model |")
    print("|---|---|---|---|---|")
    with threadpool_limits(1):
        for kind in options.kinds:
            for size in options.sizes or SIZES[kind]:
                for row in COMPARE[kind](size, options.trials or TRIALS[kind]):
                    print(row, flush=True)


if __name__ == "__main__":
    main()
