"""Repeated, nested cross-validation: each patient is predicted by models that never saw them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from models.budget import Budget
from models.calibration import Floats, Labels
from models.candidates import Choice, Fitted, Fitter, Setting
from models.features import Values
from models.folds import Folds, draw_folds
from models.recalibration import fit_recalibration
from models.threads import count_threads, run_each

Mask = npt.NDArray[np.bool_]
"""Which rows, shape (n,)."""
Fit = Callable[[Values, Labels], Fitted]
"""Fits a learner to rows."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a learner sees: predictors (n, predictors), labels (n,), names of the persons (n)."""

    values: Values
    labels: Labels
    persons: tuple[str, ...]

    def choose(self, chosen: Mask) -> Rows:
        """Return the chosen rows, in their order."""
        persons = tuple(self.persons[row] for row in np.flatnonzero(chosen))
        return Rows(self.values[chosen], self.labels[chosen], persons)


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Out-of-fold log-odds of one kind of learner.

    Attributes:
        raw: by repeat and patient, as the learners gave them, shape (repeats, n).
        calibrated: the same after a recalibration learned on the other folds.
        folds: the fold of each patient by repeat, shape (repeats, n).
    """

    raw: Floats
    calibrated: Floats
    folds: Folds

    @property
    def probabilities(self) -> Floats:
        """The calibrated probabilities, shape (repeats, n)."""
        return np.asarray(1 / (1 + np.exp(-self.calibrated)), np.float64)


@dataclass(frozen=True, slots=True)
class Search:
    """Chooses the best setting of each kind by inner cross-validation."""

    fitter: Fitter
    settings: tuple[Setting, ...]
    permitted: frozenset[Choice]
    budget: Budget
    draw: tuple[str, ...]

    def kinds(self) -> list[str]:
        """Return the kinds of learner that have a permitted setting, in order."""
        return list(dict.fromkeys(self.settings[index].kind for index, _ in sorted(self.permitted)))

    def choose(self, rows: Rows, parts: Sequence[Mask]) -> list[dict[str, Choice]]:
        """Return, for each part, the best permitted choice of each kind of learner.

        The best has the smallest log-loss on inner folds of the part.

        Args:
            rows: all of them.
            parts: which rows each search sees.
        """
        folds = [self._draw_inner(rows, part) for part in parts]
        pieces = [(row, fold) for row in folds for fold in range(self.budget.inner_folds)]
        threads = count_threads(rows.values.size)
        losses = run_each(lambda piece: self._measure_losses(rows, *piece), pieces, threads)
        size = self.budget.inner_folds
        return [self._find_best(losses[at : at + size]) for at in range(0, len(losses), size)]

    def _draw_inner(self, rows: Rows, part: Mask) -> Folds:
        """Return the inner fold of each row of a part, and -1 elsewhere."""
        inside = rows.choose(part)
        folds = np.full(len(part), -1, np.int64)
        folds[part] = draw_folds(
            inside.labels,
            inside.persons,
            folds=self.budget.inner_folds,
            draw=(*self.draw, "inner"),
        )
        return folds

    def _measure_losses(self, rows: Rows, folds: Folds, fold: int) -> dict[Choice, float]:
        """Return the log-loss of each permitted choice on one inner fold."""
        training, test = (folds >= 0) & (folds != fold), folds == fold
        learned = self.fitter.rows(rows.values[training], rows.labels[training])
        tested = self.fitter.rows(rows.values[test])
        return {
            (index, rounds): float(log_losses(rows.labels[test], log_odds).sum())
            for index, setting in self._permitted_settings()
            for rounds, log_odds in self.fitter.fit(setting, learned).log_odds(tested)
        }

    def _find_best(self, folds: Sequence[Mapping[Choice, float]]) -> dict[str, Choice]:
        losses = dict.fromkeys(sorted(self.permitted), 0.0)
        for fold in folds:  # in their order: a sum of floats depends on it
            for choice, loss in fold.items():
                losses[choice] += loss
        best: dict[str, Choice] = {}
        for choice in sorted(losses):
            kind = self.settings[choice[0]].kind
            if kind not in best or losses[choice] < losses[best[kind]]:
                best[kind] = choice
        return best

    def _permitted_settings(self) -> Iterator[tuple[int, Setting]]:
        """Yield each setting with its permitted rounds alone: trees beyond them are not fitted."""
        rounds: dict[int, list[int]] = {}
        for index, count in sorted(self.permitted):
            rounds.setdefault(index, []).append(count)
        for index, counts in rounds.items():
            setting = self.settings[index]
            yield index, Setting(setting.kind, setting.parameters, tuple(counts))


def log_losses(labels: Labels, log_odds: Floats) -> Floats:
    """Return minus the logarithm of the probability of each true outcome."""
    return np.asarray(np.logaddexp(0, np.where(labels, -log_odds, log_odds)), np.float64)


def cross_validate(search: Search, rows: Rows) -> dict[str, OutOfFold]:
    """Return the out-of-fold log-odds of each kind of learner, on the same folds.

    The search is repeated inside every training part, so that no patient chose the setting of a
    model that predicts them.
    """
    repeats = search.budget.count_repeats(*rows.values.shape)
    folds = np.array([_draw(search, rows, repeat) for repeat in range(repeats)])
    tests = [
        (repeat, folds[repeat] == fold)
        for repeat in range(repeats)
        for fold in range(search.budget.folds)
    ]
    chosen = search.choose(rows, [~test for _, test in tests])

    def predict(number: int) -> dict[str, Floats]:
        return _predict(search, rows, tests[number][1], chosen[number])

    raw = {kind: np.zeros(folds.shape) for kind in search.kinds()}
    predicted = run_each(predict, range(len(tests)), count_threads(rows.values.size))
    for (repeat, test), log_odds in zip(tests, predicted, strict=True):
        for kind in raw:
            raw[kind][repeat, test] = log_odds[kind]
    return {
        kind: OutOfFold(log_odds, _recalibrate(rows.labels, log_odds, folds), folds)
        for kind, log_odds in raw.items()
    }


def _predict(
    search: Search, rows: Rows, test: Mask, chosen: Mapping[str, Choice]
) -> dict[str, Floats]:
    """Return the log-odds of the rows to test, of each kind, by a model of all others."""
    values, labels = rows.values[~test], rows.labels[~test]
    log_odds = {}
    for kind, (index, rounds) in chosen.items():
        fitted = search.fitter.fit_choice(search.settings[index], rounds, values, labels)
        log_odds[kind] = fitted.final_log_odds(rows.values[test])
    return log_odds


def predict_folds(fit: Fit, values: Values, labels: Labels, folds: Folds) -> Floats:
    """Return the log-odds of each row by a model of the other folds, without a search."""
    log_odds = np.zeros(len(folds))
    for fold in np.unique(folds):
        test = folds == fold
        log_odds[test] = fit(values[~test], labels[~test]).final_log_odds(values[test])
    return log_odds


def draw_again(search: Search, rows: Rows, choice: tuple[Setting, int], draws: int) -> Floats:
    """Return the calibrated probabilities of some draws by models of one setting, (draws, n)."""
    folds = np.array([_draw(search, rows, number) for number in range(draws)])
    fit = partial(search.fitter.fit_choice, *choice)
    raw = np.array([predict_folds(fit, rows.values, rows.labels, parts) for parts in folds])
    return OutOfFold(raw, _recalibrate(rows.labels, raw, folds), folds).probabilities


def _draw(search: Search, rows: Rows, repeat: int) -> Folds:
    draw = (*search.draw, str(repeat))
    return draw_folds(rows.labels, rows.persons, folds=search.budget.folds, draw=draw)


def _recalibrate(labels: Labels, raw: Floats, folds: Folds) -> Floats:
    calibrated = np.zeros(raw.shape)
    for repeat, (log_odds, parts) in enumerate(zip(raw, folds, strict=True)):
        for fold in np.unique(parts):
            test = parts == fold
            mapping = fit_recalibration(labels[~test], log_odds[~test])
            calibrated[repeat, test] = mapping.apply(log_odds[test])
    return calibrated


def mean_losses(labels: Labels, predictions: OutOfFold) -> Floats:
    """Return each patient's mean log-loss over the repeats, shape (n,)."""
    losses = [log_losses(labels, log_odds) for log_odds in predictions.calibrated]
    return np.asarray(np.mean(losses, axis=0), np.float64)


def permit(
    settings: Sequence[Setting], attacked: Mapping[Choice, float], within: Iterable[Choice]
) -> frozenset[Choice]:
    """Return the choices that a search may make: those within the privacy bound.

    A kind without any gets its least exposed choice, so that it can be compared; the gate closes
    for it.

    Args:
        settings: all of them.
        attacked: the attack's upper bound of each choice.
        within: the choices that meet both bounds.
    """
    chosen = set(within)
    for kind in {setting.kind for setting in settings}:
        own = [choice for choice in sorted(attacked) if settings[choice[0]].kind == kind]
        if own and not chosen & set(own):
            chosen.add(min(own, key=lambda choice: attacked[choice]))
    return frozenset(chosen)
