from __future__ import annotations

import dataclasses
import hashlib
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from models import booster
from models.booster import Booster, feature_types, fit, fit_booster, version
from models.cohort import exclusion_reasons
from models.errors import ModelsBroken
from models.features import Matrix, find_label, latest_observations, to_row
from models.question import Question


@pytest.fixture(scope="module")
def matrix(heart: Question, heart_people) -> Matrix:
    assert not any(exclusion_reasons(heart, heart_people[:50], Counter()))
    values = np.array([to_row(heart, latest_observations(records)) for records in heart_people])
    labels = np.array([(find_label(heart, records) or (False, ""))[0] for records in heart_people])
    return Matrix(values, labels)


def test_the_same_rows_give_the_same_bytes(heart: Question, matrix: Matrix) -> None:
    assert fit(matrix, heart, 1) == fit(matrix, heart, 1)


def test_without_sampling_the_seed_and_the_order_of_rows_do_not_matter(
    heart: Question, matrix: Matrix
) -> None:
    assert fit(matrix, heart, 1) == fit(matrix, heart, 2)
    order = np.random.default_rng(3).permutation(len(matrix.labels))
    assert fit(Matrix(matrix.values[order], matrix.labels[order]), heart, 1) == fit(
        matrix, heart, 1
    )


def test_rows_in_batches_give_the_model_of_the_rows_at_once(
    heart: Question, matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = fit(matrix, heart, 1)
    monkeypatch.setattr(booster, "BATCHES_FROM_ROWS", 1)
    monkeypatch.setattr(booster, "BATCH_ROWS", 100)
    assert len(matrix.labels) > 300
    assert fit(matrix, heart, 1) == at_once == fit(matrix, heart, 1)


def test_many_different_values_in_batches_give_nearly_the_same_predictions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(4_000, 3)).astype(np.float32)  # more values than bins
    labels = rng.random(4_000) < 1 / (1 + np.exp(-values[:, 0]))
    chosen = {"rounds": 20, "max_depth": 2, "max_bin": 16, "eta": 0.2}
    at_once = Booster.read(fit_booster(values, labels, "qqq", chosen, 1)).predict(values)
    monkeypatch.setattr(booster, "BATCHES_FROM_ROWS", 1)
    monkeypatch.setattr(booster, "BATCH_ROWS", 512)
    raw = fit_booster(values, labels, "qqq", chosen, 1)
    assert raw == fit_booster(values, labels, "qqq", chosen, 1)
    assert np.abs(Booster.read(raw).predict(values) - at_once).mean() < 0.01


def test_another_process_with_other_threads_gives_the_same_bytes(
    heart: Question, matrix: Matrix, tmp_path: Path
) -> None:
    np.savez(tmp_path / "rows.npz", values=matrix.values, labels=matrix.labels)
    (tmp_path / "q.toml").write_text(heart.text)
    code = (
        "import hashlib, sys, pathlib, numpy\n"
        "from models.booster import fit\n"
        "from models.features import Matrix\n"
        "from models.question import Question\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "rows = numpy.load(folder / 'rows.npz')\n"
        "question = Question.load(folder / 'q.toml')\n"
        "raw = fit(Matrix(rows['values'], rows['labels']), question, 1)\n"
        "print(hashlib.sha256(raw).hexdigest())\n"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={"OMP_NUM_THREADS": "2"},
        cwd=Path(__file__).resolve().parents[2],
    ).stdout.strip()
    assert printed == hashlib.sha256(fit(matrix, heart, 1)).hexdigest()


def test_removing_one_patient_changes_the_model(heart: Question, matrix: Matrix) -> None:
    fewer = Matrix(matrix.values[1:], matrix.labels[1:])
    assert fit(fewer, heart, 1) != fit(matrix, heart, 1)


def test_the_model_does_not_see_a_feature_that_does_not_predict(
    heart: Question, matrix: Matrix
) -> None:
    features = (dataclasses.replace(heart.features[0], predicts=False), *heart.features[1:])
    blind = dataclasses.replace(heart, features=features)
    changed = matrix.values.copy()
    changed[:, 0] = 50
    assert fit(matrix, blind, 1) == fit(Matrix(changed, matrix.labels), blind, 1)


def test_contributions_sum_to_the_logit_of_the_probability(heart, matrix) -> None:
    booster = Booster.read(fit(matrix, heart, 1))
    probabilities = booster.predict(matrix.values)
    log_odds = booster.contributions(matrix.values)
    assert log_odds.shape == (len(probabilities), len(heart.features) + 1)
    logits = np.log(probabilities / (1 - probabilities))
    np.testing.assert_allclose(log_odds.sum(axis=1), logits, atol=1e-4)


def test_a_row_gets_the_same_prediction_alone_and_among_others(heart, matrix) -> None:
    booster = Booster.read(fit(matrix, heart, 1))
    together = booster.predict(matrix.values[:20])
    alone = [float(booster.predict(matrix.values[n : n + 1])[0]) for n in range(20)]
    np.testing.assert_array_equal(together, alone)


def test_invalid_bytes_are_broken() -> None:
    with pytest.raises(ModelsBroken, match="cannot be read"):
        Booster.read(b"not a model")


def test_the_first_rounds_of_a_model_are_the_shorter_model(heart, matrix) -> None:
    columns, types = heart.predictors(), feature_types(heart)
    long, short = (
        Booster.read(
            fit_booster(
                matrix.values[:, columns],
                matrix.labels,
                types,
                {**heart.parameters, "rounds": rounds},
                1,
            )
        )
        for rounds in (20, 7)
    )
    values = matrix.values[:, columns]
    np.testing.assert_array_equal(long.log_odds(values, 7), short.log_odds(values))


def test_rows_that_cannot_be_fitted_are_broken(heart: Question) -> None:
    infinite = Matrix(np.full((60, 13), np.inf, np.float32), np.arange(60) < 30)
    with pytest.raises(ModelsBroken, match="cannot be fitted"):
        fit(infinite, heart, 1)


def test_the_version_of_the_library_has_three_parts() -> None:
    assert version().count(".") == 2
