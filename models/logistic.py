"""Fits ridge logistic regression with scikit-learn, and scores it from plain JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from models.suppression import MIN_COUNT

if TYPE_CHECKING:
    from models.features import Values

Floats = npt.NDArray[np.float64]
VALUE: Final = "value"
EQUALS: Final = "equals"
MISSING: Final = "missing"
_MIN_MISSING: Final = 0.05
"""Below this share of missing (or present) values an indicator would fit noise."""
_DECIMALS: Final = 6
_MIN_SPREAD: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Term:
    """One column of the regression, made from one feature.

    Attributes:
        column: of the predictors.
        kind: ``value`` (missing values become `at`, the median), ``equals`` (is the category `at`)
            or ``missing`` (is there no value).
        at: see `kind`.
        mean, scale: of the column among the patients of the fit.
        weight: log-odds for each standard deviation.
        low, high: a number beyond counts as this one; at least 11 patients of the fit lie at or
            beyond each, so that no outlier decides the weight. None without such a bound.
    """

    column: int
    kind: str
    at: float
    mean: float
    scale: float
    weight: float = 0.0
    low: float | None = None
    high: float | None = None

    def of(self, values: Values) -> Floats:
        """Return the scaled column, shape (n,)."""
        cells = values[:, self.column].astype(np.float64)
        is_missing = np.isnan(cells)
        if self.kind == VALUE:
            raw = np.clip(np.where(is_missing, self.at, cells), self.low, self.high)
        elif self.kind == EQUALS:
            raw = (cells == self.at).astype(np.float64)
        else:
            raw = is_missing.astype(np.float64)
        return (raw - self.mean) / self.scale


@dataclass(frozen=True, slots=True)
class LogisticModel:
    """A fitted regression; `predictors` is how many columns its input has."""

    predictors: int
    intercept: float
    terms: tuple[Term, ...]

    def log_odds(self, values: Values) -> Floats:
        """Return the log-odds of each row, shape (n,)."""
        return self.explain(values)[0]

    def contributions(self, values: Values) -> Floats:
        """Return what each feature adds to the log-odds, then the intercept; exact sums.

        A feature adds the difference from the average patient of the fit.
        """
        parts = np.zeros((len(values), self.predictors + 1))
        for term in self.terms:
            parts[:, term.column] += term.weight * term.of(values)
        parts[:, -1] = self.intercept
        return parts

    def explain(self, values: Values) -> tuple[Floats, Floats]:
        """Return `log_odds` and `contributions`; each term is computed once for both."""
        parts = self.contributions(values)
        return np.asarray(parts.sum(axis=1), np.float64), parts

    def content(self) -> dict[str, Any]:
        """Return the model as JSON has it."""
        terms = [_term_content(term) for term in self.terms]
        return {"predictors": self.predictors, "intercept": self.intercept, "terms": terms}

    @classmethod
    def of_content(cls, content: Mapping[str, Any]) -> LogisticModel:
        """Return the model of a JSON content that `content` made.

        Raises:
            KeyError, TypeError: the content is not a regression.
        """
        terms = tuple(Term(**term) for term in content["terms"])
        return cls(int(content["predictors"]), float(content["intercept"]), terms)


def fit_logistic(
    values: Values, labels: npt.NDArray[np.bool_], categories: Sequence[bool], ridge: float
) -> LogisticModel:
    """Return the regression with this penalty; the same rows give the same figures.

    Args:
        values: predictors, shape (n, predictors); NaN is missing.
        labels: shape (n,); both outcomes must occur.
        categories: which predictors are categories.
        ridge: the penalty on the squared weights.
    """
    return RegressionRows(values, categories).fit(labels, ridge)


class RegressionRows:
    """Rows with the columns that a regression makes of them, made once for all penalties."""

    def __init__(
        self, values: Values, categories: Sequence[bool], *, learns_rare_values: bool = False
    ) -> None:
        """Make nothing yet; the arguments are those of `fit_logistic`, and that of a budget."""
        self._values = values
        self._categories = categories
        self._least = 1 if learns_rare_values else MIN_COUNT

    @cached_property
    def _terms(self) -> list[Term]:
        return _make_terms(self._values, self._categories, self._least)

    @cached_property
    def _columns(self) -> Floats:
        return np.column_stack([term.of(self._values) for term in self._terms])

    def fit(
        self, labels: npt.NDArray[np.bool_], ridge: float, weights: Floats | None = None
    ) -> LogisticModel:
        """Return the regression of these outcomes with this penalty; see `fit_logistic`.

        `weights` says how much each row counts, shape (n,); None if all count alike.
        """
        from sklearn.linear_model import LogisticRegression

        predictors = self._values.shape[1]
        if not self._terms:
            share = float(np.average(labels, weights=weights))
            return LogisticModel(predictors, _round(np.log(share / (1 - share))), ())
        regression = LogisticRegression(C=1 / ridge, solver="newton-cholesky", max_iter=50)
        regression.fit(self._columns, labels, sample_weight=weights)
        # Six decimals: the last bits of a float depend on the processor, the model may not.
        fitted = tuple(
            replace(term, weight=_round(weight))
            for term, weight in zip(self._terms, regression.coef_[0], strict=True)
        )
        return LogisticModel(predictors, _round(regression.intercept_[0]), fitted)


def _make_terms(values: Values, categories: Sequence[bool], least: int) -> list[Term]:
    terms: list[Term] = []
    for column, is_category in enumerate(categories):
        cells = values[:, column].astype(np.float64)
        present = cells[~np.isnan(cells)]
        if not len(present):
            continue
        if is_category:
            columns = _category_terms(column, present, least)
        else:
            columns = [_number_term(column, present, least)]
        if _MIN_MISSING <= 1 - len(present) / len(cells) <= 1 - _MIN_MISSING:
            columns.append(Term(column, MISSING, 0.0, 0.0, 1.0))
        terms += [
            term for term in (_scale(term, values, least) for term in columns) if term is not None
        ]
    return terms


def _term_content(term: Term) -> dict[str, Any]:
    content = {name: getattr(term, name) for name in Term.__slots__}
    # Earlier releases have no bounds.
    return {name: value for name, value in content.items() if value is not None}


def _category_terms(column: int, present: Floats, least: int) -> list[Term]:
    """Return a term for each category but the reference: the first that enough patients have.

    If a rare category were the reference, the intercept would show the outcomes of its patients.
    """
    kinds, counts = np.unique(present, return_counts=True)
    reference = int(np.argmax(counts >= least))
    return [Term(column, EQUALS, float(v), 0.0, 1.0) for v in np.delete(kinds, reference)]


def _number_term(column: int, present: Floats, least: int) -> Term:
    low = high = None
    if len(present) >= 2 * least and least > 1:
        ordered = np.sort(present)
        low, high = float(ordered[least - 1]), float(ordered[-least])
    return Term(column, VALUE, float(np.median(present)), 0.0, 1.0, low=low, high=high)


def _scale(term: Term, values: Values, least: int) -> Term | None:
    """Return the term with mean and scale; None where too few patients tell it apart.

    Scaled, a rare value would get a weight that is the outcome of the few who have it, and each
    answer about somebody else with that value would show it.
    """
    raw = term.of(values)
    spread, commonest = float(raw.std()), int(np.unique(raw, return_counts=True)[1].max())
    if spread < _MIN_SPREAD or len(raw) - commonest < least:
        return None
    scale = _round(spread) or spread
    return replace(term, mean=_round(raw.mean()), scale=scale)


def _round(figure: float) -> float:
    return round(float(figure), _DECIMALS)
