"""Fits, saves, loads and runs gradient-boosted trees; the only file that imports xgboost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from models.errors import ModelsBroken

if TYPE_CHECKING:  # the scorer process imports neither the ledger nor the record store
    from models.features import Matrix, Values
    from models.question import Question

Probabilities = npt.NDArray[np.float64]
BATCHES_FROM_ROWS: Final = 200_000
"""From so many rows on, rows are quantised in batches: one byte a value and no second copy."""
BATCH_ROWS: Final = 65_536
_DEFAULT_BINS: Final = 256


def fit(matrix: Matrix, question: Question, seed: int) -> bytes:
    """Return the model that the first manifest format means: the question's parameters alone.

    Raises:
        ModelsBroken: XGBoost rejects the rows.
    """
    columns = question.predictors()
    types = feature_types(question)
    return fit_booster(matrix.values[:, columns], matrix.labels, types, question.parameters, seed)


def feature_types(question: Question) -> list[str]:
    """Return XGBoost's type of each predictor: c for a category, q for a number or boolean."""
    from records.values import CATEGORY

    return ["c" if question.features[n].kind == CATEGORY else "q" for n in question.predictors()]


def fit_booster(
    values: Values,
    labels: npt.NDArray[np.bool_],
    types: Sequence[str],
    parameters: Mapping[str, float],
    seed: int,
) -> bytes:
    """Return the model of these rows as UBJSON; see `TreeRows.fit`.

    Args:
        values: the predictors, shape (n, predictors).
        labels: shape (n,).
        types: see `feature_types`.
        parameters: `rounds` and XGBoost's own names.
        seed: of the library's random numbers.

    Raises:
        ModelsBroken: XGBoost rejects the rows.
    """
    return TreeRows(values, types, labels).fit(parameters, seed).write()


class TreeRows:
    """Rows in XGBoost's own form, made at their first use for all fits and predictions.

    Not to be used by two threads at once.
    """

    def __init__(
        self,
        values: Values,
        types: Sequence[str],
        labels: npt.NDArray[np.bool_] | None = None,
        least: int = 1,
        weights: Probabilities | None = None,
    ) -> None:
        """Make nothing yet; the arguments are those of `fit_booster` and `_replace_rare`.

        `weights` says how much each row counts; rows in batches count alike.
        """
        self._values = values
        self._least = least
        self._types = types
        self._labels = labels
        self._weights = weights
        self._made: dict[int, Any] = {}

    def fit(self, parameters: Mapping[str, float], seed: int) -> Booster:
        """Return the model; the same rows in the same order give the same bytes.

        One thread, histograms, no sampling of rows or columns: a model depends on nothing but its
        rows, their order, the parameters, the seed and the version of the library. Many rows take
        another way in memory (docs/decisions/0030-large-cohorts-in-batches.md), chosen by their
        number.

        Raises:
            ModelsBroken: XGBoost rejects the rows.
        """
        import xgboost

        chosen = dict(parameters)
        rounds = int(chosen.pop("rounds"))
        fixed = {
            "objective": "binary:logistic",
            "tree_method": "hist",
            "device": "cpu",
            "nthread": 1,
            "seed": seed,
            "subsample": 1,
            "colsample_bytree": 1,
            "validate_parameters": True,
        }
        try:
            rows = self.matrix(int(chosen.get("max_bin", _DEFAULT_BINS)))
            # `xgboost.train` makes the same bytes; its callbacks and its copy of the model cost
            # time.
            booster = xgboost.Booster({**chosen, **fixed}, [rows])
            for iteration in range(rounds):
                booster.update(rows, iteration)
        except xgboost.core.XGBoostError as exc:
            raise ModelsBroken("the model cannot be fitted to these rows") from exc
        return Booster(booster, self._types)

    def matrix(self, bins: int = _DEFAULT_BINS) -> Any:
        """Return the rows for XGBoost; without labels they are for predictions alone."""
        labels = self._labels
        if labels is not None and len(labels) >= BATCHES_FROM_ROWS:
            if bins not in self._made:
                values = _replace_rare(self._values, self._types, self._least)
                self._made[bins] = _quantised(values, self._types, labels, bins)
            return self._made[bins]
        # Rows that are not in batches are quantised again by XGBoost when the bins change.
        if 0 not in self._made:
            if labels is None:
                self._made[0] = _dmatrix(self._values, self._types)
            else:
                values = _replace_rare(self._values, self._types, self._least)
                self._made[0] = _dmatrix(
                    values, self._types, labels.astype(np.float32), self._weights
                )
        return self._made[0]


def _replace_rare(values: Values, types: Sequence[str], least: int) -> Values:
    """Return the rows to learn from, without gaps and categories that fewer than `least` have.

    They become the middle number or the commonest category. Else the outcomes of these few alone
    would decide their side of a split, and the answer about somebody like them would show it.
    """
    replaced = values
    for column, kind in enumerate(types):
        cells = values[:, column]
        is_rare = np.isnan(cells)
        if kind == "c":
            kinds, places, counts = np.unique(cells, return_inverse=True, return_counts=True)
            is_rare, usual = counts[places] < least, kinds[np.argmax(counts)]
        elif 0 < is_rare.sum() < min(least, len(cells)):
            usual = np.sort(cells[~is_rare])[(~is_rare).sum() // 2]
        else:
            continue
        if is_rare.any():
            replaced = values.copy() if replaced is values else replaced
            replaced[is_rare, column] = usual
    return replaced


def _dmatrix(
    values: Values, types: Sequence[str] | None, labels: Any = None, weights: Any = None
) -> Any:
    import xgboost

    return xgboost.DMatrix(
        np.ascontiguousarray(values, np.float32),
        labels,
        weight=weights,
        feature_types=types,
        enable_categorical=True,
        nthread=1,
    )


def _quantised(
    values: Values, types: Sequence[str], labels: npt.NDArray[np.bool_], bins: int
) -> Any:
    """Return the rows as the histograms need them, read in batches; nothing is put on disk."""
    import xgboost

    batches = make_batches(values, types, labels)
    return xgboost.QuantileDMatrix(batches, max_bin=bins, nthread=1, enable_categorical=True)


def make_batches(
    values: Values, types: Sequence[str], labels: npt.NDArray[np.bool_], **options: Any
) -> Any:
    """Return an iterator for XGBoost over BATCH_ROWS rows at a time.

    Args:
        values: shape (n, predictors).
        types: XGBoost's type of each predictor.
        labels: shape (n,).
        options: passed to `xgboost.DataIter`.
    """
    import xgboost

    # XGBoost calls `reset` before each pass over the batches, then `next` until it is False.
    class Batches(xgboost.DataIter):
        def __init__(self) -> None:
            self._start = 0
            super().__init__(**options)

        def next(self, input_data: Any) -> bool:
            part = slice(self._start, self._start + BATCH_ROWS)
            self._start += BATCH_ROWS
            if part.start >= len(labels):
                return False
            input_data(
                data=np.ascontiguousarray(values[part], np.float32),
                label=labels[part].astype(np.float32),
                feature_types=list(types),
            )
            return True

        def reset(self) -> None:
            self._start = 0

    return Batches()


class Booster:
    """A model; `values` has the predicting columns only, shape (n, predictors)."""

    def __init__(self, booster: Any, types: Sequence[str] | None) -> None:
        """Take a booster of the library, and XGBoost's type of each predictor."""
        self._booster = booster
        self._types = types

    @classmethod
    def read(cls, raw: bytes) -> Booster:
        """Return the model of the bytes that `write` returned.

        Raises:
            ModelsBroken: XGBoost cannot read the bytes.
        """
        import xgboost

        try:
            booster = xgboost.Booster({"nthread": 1}, model_file=bytearray(raw))
        except xgboost.core.XGBoostError as exc:
            raise ModelsBroken("the model cannot be read") from exc
        return cls(booster, booster.feature_types)

    def write(self) -> bytes:
        """Return the model as UBJSON."""
        return bytes(self._booster.save_raw("ubj"))

    def predict(self, values: Values) -> Probabilities:
        """Return the probability of each row, shape (n,)."""
        probabilities = self._booster.predict(_dmatrix(values, self._types))
        return np.asarray(probabilities, np.float64)

    def log_odds(self, rows: Values | TreeRows, rounds: int = 0) -> Probabilities:
        """Return the log-odds of each row, shape (n,), by the first `rounds` trees (0: all)."""
        made = rows.matrix() if isinstance(rows, TreeRows) else _dmatrix(rows, self._types)
        log_odds = self._booster.predict(made, output_margin=True, iteration_range=(0, rounds))
        return np.asarray(log_odds, np.float64)

    def contributions(self, values: Values) -> Probabilities:
        """Return what each feature adds to the log-odds, then the bias; (n, predictors + 1).

        These are exact SHAP values: each row sums to the logit of its probability.
        """
        log_odds = self._booster.predict(_dmatrix(values, self._types), pred_contribs=True)
        return np.asarray(log_odds, np.float64)

    def explain(self, values: Values) -> tuple[Probabilities, Probabilities]:
        """Return `log_odds` and `contributions`; the rows are made once for both."""
        rows = _dmatrix(values, self._types)
        log_odds = self._booster.predict(rows, output_margin=True)
        contributions = self._booster.predict(rows, pred_contribs=True)
        return np.asarray(log_odds, np.float64), np.asarray(contributions, np.float64)


def version() -> str:
    """Return the version of the library, which a model's bytes depend on."""
    import xgboost

    return str(xgboost.__version__)
