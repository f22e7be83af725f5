"""How far calibration differs between sites, and what that does to an answer at a new one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from models.answer_interval import AnswerInterval
from models.card import KNOWN_SITE, NEW_SITE, UNMEASURED_SITE, Card
from models.site_variation import fit_site_variation

INTERVAL = {"level": 0.95, "factor": 2.0, "groups": 20, "group_size": 20}
POINTS = [[-3.0, -3.0, 0.1], [3.0, 3.0, 0.1]]
VARIATION = {"sites": 4, "mean": 0.0, "spread": 0.4, "margin": 1.5}


def card(variation: dict[str, float] | None, **more: object) -> Card:
    sites = {"names": ["organisation:a", "organisation:b"], "variation": variation}
    return Card({"interval": {**INTERVAL, "points": POINTS}, "sites": sites, **more})


@pytest.mark.parametrize("sites", [3, 5, 12])
def test_the_prediction_interval_holds_the_next_site_95_times_of_100_within_2(sites: int) -> None:
    chance, observed, true = np.random.default_rng(sites), [], []
    for _ in range(2_000):
        truth = chance.normal(0.2, 0.5, sites + 1)
        figures = truth + chance.normal(0, 0.2, sites + 1)
        variation = fit_site_variation(figures[:-1].tolist())
        assert variation is not None
        observed.append(abs(figures[-1] - variation.mean) <= variation.margin)
        true.append(abs(truth[-1] - variation.mean) <= variation.margin)
    assert np.mean(observed) == pytest.approx(0.95, abs=0.02)
    assert np.mean(true) >= 0.95


def test_of_two_sites_no_variation_is_stated() -> None:
    assert fit_site_variation([1.0, -1.0]) is None


def test_the_quantiles_are_those_of_students_t() -> None:
    for sites in (*range(3, 41), 201):
        shifts = np.arange(sites) / sites
        variation = fit_site_variation(shifts.tolist())
        assert variation is not None
        quantile = stats.t.ppf(0.975, sites - 1)
        scale = shifts.std(ddof=1) * np.sqrt(1 + 1 / sites)
        assert variation.margin == pytest.approx(quantile * scale, rel=1e-9)


def test_an_answer_at_a_new_site_has_a_wider_interval_and_a_known_site_the_same() -> None:
    answers = card(VARIATION)
    low, high = answers.interval(0.3)
    assert answers.interval(0.3, KNOWN_SITE) == (low, high)
    wider = answers.interval(0.3, NEW_SITE)
    assert wider[0] < low < high < wider[1]


def test_where_nobody_knows_how_far_sites_differ_no_range_is_stated() -> None:
    assert card(None).interval(0.3, UNMEASURED_SITE) == (0.0, 1.0)
    assert Card({"evaluation": {"bins": []}}).interval(0.3, UNMEASURED_SITE) == (0.0, 1.0)


@pytest.mark.parametrize("mean", [-3.0, 0.0, 3.0])
def test_the_interval_of_a_new_site_holds_that_of_a_known_one(mean: float) -> None:
    variation = {**VARIATION, "mean": mean}
    for probability in (1e-6, 0.01, 0.5, 0.99):
        low, high = card(variation).interval(probability)
        new_low, new_high = card(variation).interval(probability, NEW_SITE)
        assert 0 <= new_low <= low <= probability <= high <= new_high <= 1


def test_a_site_is_new_unless_the_card_lists_every_site_of_the_patient() -> None:
    answers = card(VARIATION)
    assert answers.compare_sites({"organisation:a"}) == KNOWN_SITE
    assert answers.compare_sites(set()) == KNOWN_SITE
    assert answers.compare_sites({"organisation:a", "organisation:c"}) == NEW_SITE
    assert answers.compare_sites({""}) == NEW_SITE
    assert card(None).compare_sites({"organisation:c"}) == UNMEASURED_SITE


def test_cards_without_sites_answer_as_before() -> None:
    for content in ({}, {"sites": None}):
        assert Card(content).compare_sites({"organisation:c"}) == KNOWN_SITE


def test_the_interval_of_a_card_is_read_back() -> None:
    points = tuple((place, middle, error) for place, middle, error in POINTS)
    assert AnswerInterval.of_content({**INTERVAL, "points": POINTS}).points == points
