from __future__ import annotations

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from models.card_content import describe_cohort, describe_evaluation, describe_years
from models.card_text import describe_flow
from models.evaluation import evaluate, measure_precision, wilson
from models.features import Matrix
from models.performance import make_threshold_table, measure_curves
from models.suppression import steady
from models.telling import VisibleCuts
from records.documents import UNDATED
from storage import Record


def record_of(person: int, day: str) -> Record:
    return Record(bytes([person]) * 32, "laboratory", "organisation:a", day, {})


def test_a_card_names_years_that_eleven_patients_share_and_no_day_of_one() -> None:
    many = [record_of(person, f"{2001 + person:04}-03-04") for person in range(30)]
    assert describe_years(many) == ("2011", "2020")
    oldest = record_of(30, "1950-01-01")
    assert describe_years([*many, oldest]) == ("2010", "2020")
    assert describe_years([*many, replace(oldest, recorded_on=UNDATED)]) == ("2011", "2020")


def test_many_records_of_one_patient_count_once() -> None:
    many = [record_of(1, f"{year}-01-01") for year in range(1990, 2020)]
    assert describe_years(many) == (UNDATED, UNDATED)


@pytest.mark.parametrize("few", [0, 1, 10])
def test_the_flow_of_patients_does_not_tell_whether_anybody_has_a_reason(few: int) -> None:
    cohort = SimpleNamespace(
        records={"r": record_of(1, "2001-01-01")},
        excluded={"ineligible": few, "no-label": 40},
        refused={"withdrawn": few, "not-permitted": 700},
    )
    matrix = Matrix(np.zeros((55, 1), np.float32), np.arange(55) < 20)
    flow = describe_cohort(cohort, matrix)  # type: ignore[arg-type]
    assert (flow["left_out"], flow["refused"]) == ({"no-label": 40}, {"not-permitted": 700})
    assert (flow["permitted"], flow["patients"]) == (100, 60)
    lines = describe_flow({"data": flow})
    assert "Reasons that apply to fewer than 11 patients or records are not listed" in lines[-1]


@pytest.mark.parametrize("patients", [150, 400, 800])
def test_the_exact_counts_cannot_be_computed_from_the_figures_of_a_card(patients: int) -> None:
    draw = np.random.default_rng(patients)
    estimates = 0.01 + 0.6 * draw.random(patients)
    labels = draw.random(patients) < estimates
    card = describe_evaluation(evaluate(labels, estimates, {}, (0.001, 0.5)))
    for row in card["bins"]:
        stated = [row["observed"][name] for name in ("value", "low", "high")]
        fits = {
            (size, events)
            for size in range(row["n"] - 4, row["n"] + 5)
            for events in range(size + 1)
            if round(events / size, 2) == row["observed"]["value"]
        }
        assert row["n"] % 10 == 0 and stated[0] == round(stated[0], 2)
        assert len(fits) > 1
        # The interval is that of the stated share and number, so it says nothing more.
        expected = wilson(stated[0] * row["n"], row["n"])
        assert stated == [round(end, 3) for end in (expected.value, expected.low, expected.high)]
    prevalence = card["prevalence"]
    assert prevalence == round(prevalence, 2)
    for threshold, _, treat_all in card["net_benefit"]:
        follows = prevalence - (1 - prevalence) * threshold / (1 - threshold)
        assert treat_all == pytest.approx(follows, abs=0.002)
    # Where all are treated, the exact net benefit would tell the exact prevalence.
    assert card["net_benefit"][0][1] == card["net_benefit"][0][2]
    scaled = 1 - card["brier"]["value"] / (prevalence * (1 - prevalence))
    assert card["scaled_brier"] == pytest.approx(scaled, abs=0.001)
    # The interval follows from the outcomes in tens; from the exact number, it would tell that.
    exact = evaluate(labels, estimates, {}, (0.1, 0.3)).auprc
    expected = measure_precision(exact.value, (int(labels.sum()) + 5) // 10 * 10)
    assert card["auprc"] == {name: round(end, 3) for name, end in asdict(expected).items()}


def test_without_a_stated_prevalence_the_brier_score_is_not_scaled() -> None:
    labels = np.arange(5_000) < 20
    card = describe_evaluation(evaluate(labels, np.full(5_000, 0.004), {}, (0.1, 0.3)))
    assert (card["prevalence"], card["scaled_brier"]) == (0.0, None)


def test_the_net_benefit_of_the_same_patients_is_stated_once() -> None:
    estimates = np.full(300, 0.4)
    labels = np.arange(300) < 120
    rows = evaluate(labels, estimates, {}, (0.001, 0.3)).net_benefit
    assert [row[0] for row in rows] == [0.001]


@pytest.mark.parametrize("events", range(25, 140, 9))
def test_shares_do_not_tell_of_exactly_how_many_patients_they_are(events: int) -> None:
    draw = np.random.default_rng(events)
    labels = np.arange(600) < events
    estimates = np.clip(draw.normal(0.2 + 0.25 * labels, 0.1), 0.01, 0.99)
    cuts = VisibleCuts(estimates)
    table = make_threshold_table(labels, estimates, (0.2, 0.5), cuts)
    recalls = {point[1] for point in measure_curves(labels, estimates, cuts).roc}
    recalls |= {row.sensitivity.value for row in table if row.sensitivity}
    steps = 100 if events >= 100 else 20
    fits = {
        size
        for size in range(events - 9, events + 10)
        if steady(size) == steady(events)
        and recalls <= {round(count / size * steps) / steps for count in range(size + 1)}
    }
    assert len(fits) > 5
