"""Each site is predicted by a model of the others, and the sites are described on the card."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from models.candidates import Fitter, list_settings
from models.crossvalidation import Rows
from models.plan import Plan
from models.question import Question
from models.split_validation import (
    SplitModels,
    SplitResult,
    describe_sites,
    measure_site_variation,
    validate_splits,
)

SHIFTS = (-0.8, 0.0, 0.8, 0.3)


@pytest.fixture(scope="module")
def results(heart: Question) -> tuple[SplitResult, ...]:
    """The results of four sites, which differ in their shift, and of one with few patients."""
    chance = np.random.default_rng(7)
    count = len(heart.predictors())
    sites = np.repeat([0, 1, 2, 3, 4], [250, 250, 250, 250, 15])
    values = chance.integers(0, 2, (len(sites), count)).astype(np.float32)
    shifts = np.array([*SHIFTS, 0.0])[sites]
    labels = chance.random(len(sites)) < 1 / (1 + np.exp(-(values[:, 0] * 2 - 1 + shifts)))
    rows = Rows(values, labels, tuple(f"{row:064x}" for row in range(len(sites))))
    raw = values[:, 0].astype(np.float64) * 2 - 1
    setting = list_settings(heart, labels)[0]
    models = SplitModels(Fitter.of(heart, 0), setting, setting.rounds[0], raw)
    return validate_splits(rows, models, [f"site {site}" for site in sites])


def test_each_site_has_its_calibration_in_the_large(results) -> None:
    tested = [result for result in results if result.n is not None]
    assert [result.part for result in tested] == [f"site {site}" for site in range(4)]
    order = np.argsort([result.intercept for result in tested])
    assert order.tolist() == np.argsort(SHIFTS).tolist()


def test_a_card_does_not_tell_that_one_patient_is_of_a_site(heart: Question) -> None:
    rows = Rows(np.zeros((200, 2), np.float32), np.arange(200) < 5, ("name",) * 200)
    models = SplitModels(
        Fitter.of(heart, 0), list_settings(heart, rows.labels)[0], 1, np.zeros(200)
    )
    sites = ["a"] * 100 + ["b"] * 100
    parts = {
        tuple(result.part for result in validate_splits(rows, models, [*sites[few:], *["c"] * few]))
        for few in (0, 1, 10)
    }
    assert parts == {("a", "b")}


def test_a_site_of_few_patients_has_no_figures(results) -> None:
    assert results[-1] == SplitResult("site 4")


def test_the_variation_is_that_of_the_sites_that_could_be_tested(results) -> None:
    variation = measure_site_variation(results)
    assert variation is not None
    assert variation.sites == 4
    assert 0.4 < variation.spread < 1.6
    assert measure_site_variation(results[:2]) is None


def test_only_a_question_that_is_split_by_site_has_sites(heart: Question, results) -> None:
    parts = [result.part for result in results for _ in range(result.n or 5)]
    by = {name: dataclasses.replace(heart, plan=Plan(split_by=name)) for name in ("", "date")}
    assert {describe_sites(question, parts, results) for question in by.values()} == {None}
    custodians = dataclasses.replace(heart, plan=Plan(split_by="custodian"))
    sites = describe_sites(custodians, parts, results)
    assert sites is not None
    assert sites.names == ("site 0", "site 1", "site 2", "site 3")
