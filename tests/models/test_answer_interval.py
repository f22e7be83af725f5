from __future__ import annotations

import numpy as np
import pytest

from models.answer_interval import AnswerInterval, fit_interval
from models.card import Card
from models.recalibration import fit_recalibration


def draw(seed: int, n: int):
    """Return outcomes, and log-odds of their true probability."""
    chance = np.random.default_rng(seed)
    log_odds = chance.normal(-1.2, 1.1, n)
    return chance.random(n) < 1 / (1 + np.exp(-log_odds)), log_odds, np.arange(n) % 5


def fit(seed: int, n: int) -> tuple[AnswerInterval, np.ndarray]:
    """Return the interval, and whether it holds the true share at ten places."""
    labels, log_odds, folds = draw(seed, n)
    recalibration = fit_recalibration(labels, log_odds)
    interval = fit_interval(labels, recalibration.apply(log_odds), folds)
    truth = np.linspace(-2.7, 0.5, 10)
    estimates = 1 / (1 + np.exp(-recalibration.apply(truth)))
    bounds = np.array([interval.around(float(estimate)) for estimate in estimates]).T
    shares = 1 / (1 + np.exp(-truth))
    return interval, (bounds[0] <= shares) & (shares <= bounds[1])


def test_the_interval_covers_the_true_share_95_times_of_100_within_2() -> None:
    inside = [fit(seed, n)[1] for seed in range(60) for n in (300, 1_000, 3_000)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_every_estimate_lies_inside_its_interval() -> None:
    interval, _ = fit(1, 500)
    for probability in (0.0, 1e-9, *np.linspace(0.001, 0.999, 200).tolist(), 1.0):
        low, high = interval.around(probability)
        assert 0 <= low <= probability <= high <= 1
        assert probability < 1e-4 or probability > 1 - 1e-4 or low < probability < high


def test_more_patients_give_a_narrower_interval() -> None:
    few, many = fit(2, 300)[0].around(0.2), fit(2, 6_000)[0].around(0.2)
    assert few[1] - few[0] > 2 * (many[1] - many[0])


def test_an_estimate_that_never_varies_has_an_interval() -> None:
    labels, _, folds = draw(3, 200)
    low, high = fit_interval(labels, np.full(200, -1.0), folds).around(0.27)
    assert 0.15 < low < 0.27 < high < 0.4


def test_the_same_patients_give_the_same_interval() -> None:
    assert fit(4, 400)[0] == fit(4, 400)[0]


def test_a_card_of_an_earlier_release_gives_the_interval_of_its_bin() -> None:
    observed = {"value": 0.2, "low": 0.15, "high": 0.26}
    content = {
        "evaluation": {"bins": [{"until": 1.0, "n": 100, "mean": 0.2, "observed": observed}]}
    }
    card = Card(content)
    assert (card.interval(0.2), card.interval(0.4)) == ((0.15, 0.26), (0.15, 0.4))
    assert card.similar(0.2) == (100, 20)
