"""The settings that a training run may choose from: at most twelve, from mild to strong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.booster import Booster, TreeRows, feature_types
from models.budget import DEFAULT_BUDGET, Budget
from models.calibration import Floats, Labels
from models.features import Values
from models.logistic import LogisticModel, RegressionRows
from models.question import Question
from models.served_model import LOGISTIC, XGBOOST
from models.suppression import MIN_COUNT

_EVENTS_PER_LEAF: Final = 0.04
_MIN_LEAF: Final = 0.25 * MIN_COUNT
"""A patient weighs at most 0.25 (Newton's second derivative), so a leaf has 11 or more."""
_MAX_LEAF: Final = 40
_FINE_EVENTS: Final = 1_000
"""Of the rarer outcome; from so many on, fine thresholds and small leaves are no noise."""
_RIDGES: Final = (10.0, 100.0, 1000.0)
_FINE: Final = MappingProxyType(
    {"max_depth": 4, "min_child_weight": 10, "lambda": 10, "eta": 0.1, "max_bin": 256}
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One way to fit: the learner with its parameters; trees are compared at some `rounds`."""

    kind: str
    parameters: Mapping[str, float]
    rounds: tuple[int, ...] = (0,)

    def content(self, rounds: int) -> dict[str, Any]:
        """Return the parameters with this number of rounds, as the card has them."""
        chosen = {name: value for name, value in self.parameters.items() if name != "rounds"}
        return chosen | ({"rounds": rounds} if rounds else {})


Choice = tuple[int, int]
"""The index of a setting and its number of rounds (0 for a regression)."""


class LearnerRows:
    """Rows of one fit or prediction; what each kind of learner makes of them is made once.

    Not to be used by two threads at once.
    """

    def __init__(
        self,
        values: Values,
        types: Sequence[str],
        labels: Labels | None = None,
        weights: Floats | None = None,
        *,
        learns_rare_values: bool = False,
    ) -> None:
        """Make nothing yet; rows without labels are for predictions alone."""
        self.values = values
        self.labels = labels
        self.weights = weights
        least = 1 if learns_rare_values else MIN_COUNT
        self.trees = TreeRows(values, types, labels, least, weights)
        self.regression = RegressionRows(
            values, [kind == "c" for kind in types], learns_rare_values=learns_rare_values
        )


@dataclass(frozen=True, slots=True)
class Fitter:
    """Fits settings to rows of one question; `seed` is of the library's random numbers.

    `learns_rare_values` is that of the budget.
    """

    types: tuple[str, ...]
    seed: int
    learns_rare_values: bool = False

    @classmethod
    def of(cls, question: Question, seed: int, *, learns_rare_values: bool = False) -> Fitter:
        """Return the fitter of a question's predictors."""
        return cls(tuple(feature_types(question)), seed, learns_rare_values)

    def rows(
        self, values: Values, labels: Labels | None = None, weights: Floats | None = None
    ) -> LearnerRows:
        """Return the rows in the form that `fit` and `Fitted.log_odds` take."""
        rare = self.learns_rare_values
        return LearnerRows(values, self.types, labels, weights, learns_rare_values=rare)

    def fit(self, setting: Setting, rows: LearnerRows) -> Fitted:
        """Return the learner, with the largest number of rounds of the setting."""
        if rows.labels is None:
            raise ValueError("rows without labels cannot be learned from")
        if setting.kind == LOGISTIC:
            ridge = float(setting.parameters["ridge"])
            return Fitted(setting, rows.regression.fit(rows.labels, ridge, rows.weights))
        parameters = {**setting.parameters, "rounds": max(setting.rounds)}
        return Fitted(setting, rows.trees.fit(parameters, self.seed))

    def fit_choice(self, setting: Setting, rounds: int, values: Values, labels: Labels) -> Fitted:
        """Return the learner with exactly this number of rounds."""
        return self.fit_weighted((setting, rounds), values, labels, None)

    def fit_weighted(
        self, choice: tuple[Setting, int], values: Values, labels: Labels, weights: Floats | None
    ) -> Fitted:
        """Return the learner of rows that count differently; a leaf still has 11 patients.

        Args:
            choice: a setting, and the exact number of rounds.
            values: the predictors, shape (n, predictors).
            labels: shape (n,).
            weights: shape (n,); None if all count alike.
        """
        setting, rounds = choice
        parameters = dict(setting.parameters)
        if weights is not None and setting.kind == XGBOOST and not self.learns_rare_values:
            heaviest = _MIN_LEAF * float(weights.max())
            parameters["min_child_weight"] = max(parameters["min_child_weight"], heaviest)
        exact = Setting(setting.kind, MappingProxyType(parameters), (rounds,))
        return self.fit(exact, self.rows(values, labels, weights))


@dataclass(frozen=True, slots=True)
class Fitted:
    """A learner that was fitted with a setting."""

    setting: Setting
    learner: Booster | LogisticModel

    def log_odds(self, rows: LearnerRows) -> Iterator[tuple[int, Floats]]:
        """Yield, for each number of rounds of the setting, the log-odds of the rows."""
        if isinstance(self.learner, LogisticModel):
            yield 0, self.learner.log_odds(rows.values)
            return
        for rounds in self.setting.rounds:
            yield rounds, self.learner.log_odds(rows.trees, rounds)

    def final_log_odds(self, values: Values) -> npt.NDArray[np.float64]:
        """Return the log-odds by the whole learner."""
        return self.learner.log_odds(values)


def list_settings(
    question: Question, labels: Labels, budget: Budget = DEFAULT_BUDGET
) -> tuple[Setting, ...]:
    """Return the settings of a question for these outcomes; a leaf's size follows the events.

    Args:
        question: with its own parameters.
        labels: whether each patient has the label.
        budget: says whether cohorts with many events try trees with fine thresholds and small
            leaves, in place of the weakest trees, and whether a leaf may have fewer than 11
            patients.
    """
    events = min(int(labels.sum()), int((~labels).sum()))
    is_fine = budget.tries_fine_trees and events >= _FINE_EVENTS
    smallest = 0.0 if budget.learns_rare_values else _MIN_LEAF
    leaf = min(_MAX_LEAF, max(1, smallest, round(_EVENTS_PER_LEAF * events)))
    declared = dict(question.parameters)
    rounds = int(declared.pop("rounds"))
    declared["min_child_weight"] = max(min(declared["min_child_weight"], 2 * leaf), smallest)
    return (
        _trees(declared, (max(1, rounds // 2), max(1, 3 * rounds // 4), rounds)),
        _trees(_shape(1, leaf, 30), (100,) if is_fine else (30, 100)),
        _trees(_shape(2, 2 * leaf, 30), (75, 150)),
        _trees(_shape(4, leaf, 10), (40, 120)),
        *([_trees(_FINE, (120,))] if is_fine else []),
        *(Setting(LOGISTIC, MappingProxyType({"ridge": ridge})) for ridge in _RIDGES),
    )


def _trees(parameters: Mapping[str, float], rounds: tuple[int, ...]) -> Setting:
    return Setting(XGBOOST, MappingProxyType(dict(parameters)), tuple(sorted(set(rounds))))


def _shape(depth: int, leaf: float, ridge: float) -> dict[str, float]:
    shape = {"max_depth": depth, "min_child_weight": leaf, "lambda": ridge}
    return shape | {"eta": 0.1, "max_bin": 64}
