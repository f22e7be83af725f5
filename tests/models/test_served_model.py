"""Model files: read only with their hash, scored with exact sums, both formats."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from models.booster import Booster, fit_booster
from models.errors import ModelsBroken
from models.logistic import fit_logistic
from models.recalibration import Recalibration
from models.served_model import FoldLearner, load_model, read_model, write_model

RANDOM = np.random.default_rng(5)
VALUES = RANDOM.normal(0, 1, (300, 3)).astype(np.float32)
VALUES[:, 2] = RANDOM.integers(0, 3, 300)
VALUES[::7, 1] = np.nan
LABELS = VALUES[:, 0] + (VALUES[:, 2] == 2) + RANDOM.normal(0, 1, 300) > 0.4
PARAMETERS = {"rounds": 20, "max_depth": 2, "eta": 0.2}
TREES = fit_booster(VALUES, LABELS, ("q", "q", "c"), PARAMETERS, 1)
REGRESSION = fit_logistic(VALUES, LABELS, (False, False, True), 10.0)
BETA = Recalibration("beta", 0.1, 1.2, 0.8)
FILES = [
    write_model(Booster.read(TREES), BETA),
    write_model(Booster.read(TREES), Recalibration("platt", -0.2, 0.9, 0.9)),
    write_model(REGRESSION, BETA),
    TREES,
]


@pytest.mark.parametrize("raw", FILES)
def test_contributions_sum_to_the_logit_of_the_probability(raw: bytes) -> None:
    model = read_model(raw)
    probability = model.predict(VALUES)
    logits = np.log(probability / (1 - probability))
    np.testing.assert_allclose(model.contributions(VALUES).sum(axis=1), logits, atol=1e-5)


def test_a_regression_gives_what_scikit_learn_gives() -> None:
    from sklearn.linear_model import LogisticRegression

    columns = np.column_stack([term.of(VALUES) for term in REGRESSION.terms])
    expected = LogisticRegression(C=0.1, solver="newton-cholesky").fit(columns, LABELS)
    np.testing.assert_allclose(
        REGRESSION.log_odds(VALUES), expected.decision_function(columns), atol=1e-4
    )


def test_a_missing_number_is_the_median_with_an_indicator() -> None:
    kinds = [(term.column, term.kind) for term in REGRESSION.terms]
    assert kinds == [(0, "value"), (1, "value"), (1, "missing"), (2, "equals"), (2, "equals")]


def test_a_regression_is_plain_json_and_the_same_bytes_each_time() -> None:
    again = write_model(fit_logistic(VALUES, LABELS, (False, False, True), 10.0), BETA)
    assert again == FILES[2]
    assert json.loads(again)["kind"] == "logistic"


@pytest.mark.parametrize("learner", [REGRESSION, Booster.read(TREES)])
def test_each_fold_answers_about_its_people_and_the_whole_model_about_others(learner) -> None:
    others = [
        fit_logistic(VALUES[:200], LABELS[:200], (False, False, True), 10.0),
        Booster.read(fit_booster(VALUES[:200], LABELS[:200], ("q", "q", "c"), PARAMETERS, 1)),
    ]
    people = ["aa", "ab"], ["bb"]
    folds = [
        FoldLearner(frozenset(names), each) for names, each in zip(people, others, strict=True)
    ]
    raw = write_model(learner, BETA, folds)
    assert raw == write_model(learner, BETA, folds)
    model, plain = read_model(raw), read_model(write_model(learner, BETA))
    assert plain.folds == ()
    expected = [read_model(write_model(each, BETA)).predict(VALUES) for each in others]
    for names, answers in (
        (["ab"], expected[0]),
        (["zz", "bb"], expected[1]),  # a number that was linked with this one later
        (["zz"], plain.predict(VALUES)),
        ([], plain.predict(VALUES)),
    ):
        assert np.array_equal(model.about(names).predict(VALUES), answers)
    assert not np.array_equal(expected[0], plain.predict(VALUES))


def test_a_model_loads_only_with_its_hash(tmp_path: Path) -> None:
    raw = FILES[0]
    path = tmp_path / "model.ubj"
    path.write_bytes(raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    assert load_model(path, sha256).predict(VALUES[:1]).shape == (1,)
    for position in (0, len(raw) // 2, len(raw) - 1):
        tampered = bytearray(raw)
        tampered[position] ^= 1
        path.write_bytes(tampered)
        with pytest.raises(ModelsBroken, match="not the file that was written"):
            load_model(path, sha256)


def test_a_missing_file_is_broken(tmp_path: Path) -> None:
    with pytest.raises(ModelsBroken, match="cannot be read"):
        load_model(tmp_path / "none.ubj", "00" * 32)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'{"format":"other"}',
        b'{"x":1}',
        b'{"format":"vouchsafe-model-2","kind":"logistic","recalibration":{}}',
        b'{"format":"vouchsafe-model-2","kind":"xgboost","recalibration":{},"booster":"?"}',
        write_model(REGRESSION, BETA)[:-1] + b',"folds":[{"people":["aa"]}]}',
        write_model(REGRESSION, BETA)[:-1] + b',"folds":7}',
    ],
)
def test_bytes_that_are_no_model_are_broken(raw: bytes) -> None:
    with pytest.raises(ModelsBroken):
        read_model(raw)
