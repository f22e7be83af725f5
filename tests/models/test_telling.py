"""No figure of a feature or a subgroup tells of one to ten patients."""

from __future__ import annotations

import dataclasses
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from models.candidates import Fitter, list_settings
from models.card_content import _predictors
from models.card_text import _input_lines
from models.crossvalidation import Rows
from models.description import describe_patients
from models.evaluation import evaluate
from models.features import Matrix
from models.gate import GateCode, GateFailure
from models.leakage import find_unreviewed_features, hide_figures, measure_shown_absence
from models.logistic import LogisticModel, fit_logistic
from models.performance import make_threshold_table, measure_curves
from models.question import Question
from models.suppression import MIN_COUNT, coarsen_missing
from models.telling import (
    Telling,
    VisibleCuts,
    _count_ordered,
    compare_columns,
    find_telling_columns,
    find_telling_groups,
)

DRAW = np.random.default_rng(7)
SIZE = DRAW.integers(2, 9, 300).astype(np.float64)
LABELS, ESTIMATES = DRAW.random(300) < 0.3, np.clip(DRAW.normal(0.3, 0.1, 300), 0.05, 0.9)


@pytest.mark.parametrize(
    ("people", "is_telling"), [(1, True), (MIN_COUNT - 1, True), (MIN_COUNT, False)]
)
def test_a_feature_that_few_patients_have_is_not_measured_alone(
    people: int, is_telling: bool
) -> None:
    rare, absent = np.zeros(300, np.float32), SIZE.astype(np.float32)
    rare[:people] = 1
    assert find_telling_columns(np.stack([rare, absent], axis=1)) == [is_telling, False]


@pytest.mark.parametrize(
    ("people", "is_telling"), [(0, True), (1, True), (MIN_COUNT - 1, True), (MIN_COUNT, False)]
)
def test_of_two_features_that_differ_in_few_patients_one_is_measured_alone(
    people: int, is_telling: bool
) -> None:
    first = SIZE.astype(np.float32)
    first[:40] = np.nan
    second = first.copy()
    second[:people] = 5
    if not is_telling:  # in each value: one that nearly the same patients have tells of few too
        for size in np.unique(SIZE):
            second[np.flatnonzero(first == size)[:people]] = 2 + (size - 1) % 7
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, is_telling]


def parts_at(sizes: np.ndarray, *edges: float) -> dict[str, np.ndarray]:
    places = np.digitize(sizes, edges)
    return {f"part {place}": places == place for place in range(len(edges) + 1)}


def figures_of(groups, labels: np.ndarray) -> dict[str, list[float | None]]:
    result = evaluate(labels, ESTIMATES, groups, (0.05, 0.5))
    visible: dict[str, list[float | None]] = {}
    for group in map(dataclasses.asdict, result.groups):
        visible.setdefault(group["words"].split(":")[0], []).append(group["observed_to_expected"])
    return visible


@pytest.mark.parametrize("second", [(5.6,), (3.5, 5.6), (5.6, 7.5)])
def test_two_subgroups_that_one_patient_tells_apart_do_not_show_the_outcome(
    second: tuple[float, ...],
) -> None:
    sizes = np.where(np.arange(300) == 7, 5.5, SIZE)
    groups = {"size": parts_at(sizes, 5.4), "size again": parts_at(sizes, *second)}
    for is_ill in (False, True):
        labels = np.where(np.arange(300) == 7, is_ill, LABELS)
        visible = figures_of(groups, labels)
        assert None not in visible["size"]
        assert set(visible["size again"]) == {None}


def test_subgroups_that_many_patients_tell_apart_are_all_shown() -> None:
    groups = {
        "size": parts_at(SIZE, 5),
        "size again": parts_at(SIZE, 4, 7),
        "sex": {"m": LABELS, "f": ~LABELS},
    }
    assert find_telling_groups(groups) == set()
    visible = figures_of({name: groups[name] for name in ("size", "size again")}, LABELS)
    assert None not in [*visible["size"], *visible["size again"]]


def test_hidden_parts_of_few_patients_together_cannot_be_computed_from_the_others() -> None:
    few, more = np.arange(300) < 3, np.arange(300) < 7
    rest = (np.arange(300) >= 7) & (np.arange(300) < 150)
    parts = {"a": few, "b": more & ~few, "c": rest, "d": np.arange(300) >= 150}
    visible = figures_of({"group": parts}, LABELS)["group"]
    assert visible.count(None) == 3


def test_two_categories_that_one_patient_tells_apart_are_not_both_measured() -> None:
    first = np.where(SIZE < 4, 0, 1).astype(np.float32)
    second = np.where(SIZE < 5, 0, 2).astype(np.float32)
    second[SIZE > 6] = np.nan
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, False]
    # The same patients too: else a column that is shown would tell that no patient differs.
    second[(SIZE >= 4) & (SIZE < 5)] = 2
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, True]
    second[int(np.flatnonzero(SIZE >= 4)[0])] = 0
    assert find_telling_columns(np.stack([first, second], axis=1)) == [False, True]


def test_table_1_does_not_show_the_outcome_of_the_patient_who_tells_two_features_apart() -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text, "q.toml")
    values = np.zeros((300, 3), np.float32)
    values[:, 1] = SIZE > 4
    values[:, 2] = values[:, 1]
    values[7, 2] = 1 - values[7, 1]
    rows = describe_patients(Matrix(values, LABELS), question)
    visible = {row.words: row.having is not None for row in rows}
    assert visible["category: a"]
    assert not visible["boolean: yes"]


def count_flagged(estimates: np.ndarray, thresholds: list[float]) -> list[int]:
    """Return how many have at least each threshold, with nobody and everybody, in order."""
    flagged = [int((estimates >= each).sum()) for each in thresholds]
    return sorted([0, *flagged, len(estimates)])


@pytest.mark.parametrize("patients", [50, 139, 400, 3000])
@pytest.mark.parametrize("bounds", [(0.05, 0.5), (0.01, 0.99), (0.5, 0.52)])
@pytest.mark.parametrize("kind", ["spread", "tied", "one high"])
def test_no_two_figures_of_a_card_have_few_patients_between_their_thresholds(
    patients: int, bounds: tuple[float, float], kind: str
) -> None:
    draw = np.random.default_rng(patients)
    estimates = draw.random(patients)
    if kind == "tied":
        estimates = estimates.round(1)
    if kind == "one high":
        estimates = np.where(np.arange(patients) == 0, 0.95, 0.4 * estimates)
    labels = draw.random(patients) < estimates
    cuts = VisibleCuts(estimates)
    figures = evaluate(labels, estimates, {}, bounds, cuts)
    table = make_threshold_table(labels, estimates, bounds, cuts)
    curves = measure_curves(labels, estimates, cuts)
    steps = np.diff(count_flagged(estimates, cuts.thresholds))
    assert not any(0 < step < MIN_COUNT for step in steps.tolist())
    visible = set(cuts.thresholds)
    assert {row[0] for row in figures.net_benefit} <= visible
    assert {row.until for row in figures.bins[:-1]} <= visible
    shares = ("sensitivity", "specificity", "ppv", "npv")
    for row in table:
        assert row.threshold in visible or all(getattr(row, name) is None for name in shares)
    assert len(curves.roc) == len(visible) + 2
    for bars in figures.spread:
        edges = {round(each / 20, 9) for n, bar in enumerate(bars) if bar for each in (n, n + 1)}
        assert edges - {0.0, 1.0} <= {round(each, 9) for each in visible}


@pytest.mark.parametrize("thresholds", [(0.05, 0.5), (0.5, 0.94)])
def test_no_figure_shows_the_outcome_of_the_patient_with_the_highest_estimate(
    thresholds: tuple[float, float],
) -> None:
    draw = np.random.default_rng(3)
    estimates = np.where(np.arange(300) == 0, 0.95, 0.6 * draw.random(300))
    others = draw.random(300) < estimates
    for is_ill in (False, True):
        labels = np.where(np.arange(300) == 0, is_ill, others)
        cuts = VisibleCuts(estimates)
        figures = evaluate(labels, estimates, {}, thresholds, cuts)
        alone = [row for row in figures.net_benefit if (estimates >= row[0]).sum() < MIN_COUNT]
        assert not [row for row in alone if (estimates >= row[0]).any()]
        lowest = sorted(estimates)[-MIN_COUNT]
        assert max(cut for cut in (0.0, *cuts.thresholds) if (estimates >= cut).any()) <= lowest


def test_who_has_a_rare_category_cannot_be_computed_from_the_others_in_table_1() -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text.replace('["a", "b"]', '["a", "b", "c", "d"]'), "q.toml")
    values = np.zeros((300, 3), np.float32)
    values[:, 0] = SIZE
    values[:, 1] = np.arange(300) % 2
    values[7, 1] = 2
    for is_ill in (False, True):
        labels = np.where(np.arange(300) == 7, is_ill, LABELS)
        rows = {row.words: row for row in describe_patients(Matrix(values, labels), question)}
        visible = [name for name, row in rows.items() if row.is_share and row.having is not None]
        # Nobody has d, so b is hidden too: else c would be what a and b leave.
        assert visible == ["category: a"]
        assert rows["category: b"].without is None


def test_categories_of_many_patients_are_all_in_table_1() -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text.replace('["a", "b"]', '["a", "b", "c"]'), "q.toml")
    values = np.zeros((300, 3), np.float32)
    values[:, 0], values[:, 1] = SIZE, np.arange(300) % 3
    rows = describe_patients(Matrix(values, LABELS), question)
    visible = {row.words for row in rows if row.having is not None and row.is_share}
    assert {f"category: {name}" for name in "abc"} <= visible


def card_rows(telling: list[bool], close: list[bool] | None = None) -> list[dict]:
    question = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q")
    values = np.zeros((300, 3), np.float32)
    values[:, 0] = SIZE
    features = [question.features[column] for column in question.predictors()]
    assessment = SimpleNamespace(
        telling=Telling(telling, close or [False, False], [False, False]),
        importance=[0.25, 0.125],
        strengths=[(feature, 0.75) for feature in features],
        ranges=[None, None],
    )
    result = SimpleNamespace(matrix=Matrix(values, LABELS), assessment=assessment)
    return _predictors(question, result)  # type: ignore[arg-type]


def test_a_card_does_not_say_how_much_an_input_of_few_patients_moves_the_estimates() -> None:
    visible, hidden = card_rows([False, True])
    assert (visible["mean_log_odds"], visible["auroc_alone"]) == (0.25, 0.75)
    assert (hidden["mean_log_odds"], hidden["auroc_alone"]) == (None, None)
    first, second = _input_lines({"predictors": [visible, hidden]})
    assert "moves the log-odds by 0.250" in first
    assert "moves" not in second and "alone" not in second


def test_a_refused_run_does_not_say_how_well_an_input_of_few_patients_predicts() -> None:
    question = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q")
    features = [question.features[column] for column in question.predictors()]
    failures = [
        GateFailure(
            code=code, measured=0.97321, maximum=0.95, feature=f"{each.words} ({each.code})"
        )
        for code in (GateCode.LEAKING_FEATURE, GateCode.UNREVIEWED_FEATURE)
        for each in features
    ]
    first, second, *_ = hide_figures(failures, question, [False, True])
    assert (first.figure, first.measured_text) == (0.97321, "0.973")
    assert (second.figure, second.measured_text) == (0.95, "0.95 or more")
    lead = GateFailure(code=GateCode.UNREVIEWED_LEAD, measured=0.0123, minimum=0.05, is_hidden=True)
    assert "0.05 or less" in lead.message and "0.012" not in lead.message


def test_the_share_of_an_input_does_not_show_that_of_one_that_few_patients_have() -> None:
    question = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q")
    features = [question.features[column] for column in question.predictors()]
    strengths = [(features[0], 0.8), (features[1], 0.55)]
    messages = {
        tuple(
            failure.message
            for failure in find_unreviewed_features(
                question, strengths, [0.5, weight], 0.9, [False, True]
            )
        )
        for weight in (0.0, 0.1, 0.4)
    }
    assert len(messages) == 1 and messages != {()}


def test_the_figure_of_missing_values_does_not_depend_on_few_patients_outcomes() -> None:
    values = np.stack([SIZE, SIZE, SIZE], axis=1).astype(np.float32)
    values[:60, 1] = np.nan
    values[60:66, 2] = np.nan
    names = tuple(f"{row:064x}" for row in range(300))
    without = measure_shown_absence(Rows(values[:, :2], LABELS, names))
    assert measure_shown_absence(Rows(values, LABELS, names)) == without


@pytest.mark.parametrize("people", [0, 1, MIN_COUNT - 1])
@pytest.mark.parametrize("unit", [1.0, 18.0156])
def test_a_second_unit_or_window_of_a_measurement_does_not_show_whose_value_it_lacks(
    people: int, unit: float
) -> None:
    draw = np.random.default_rng(5)
    first = draw.normal(100, 25, 300)
    first[200:] = np.nan
    second = first / unit
    second[:people] = np.nan
    columns = np.stack([SIZE, first, second], axis=1).astype(np.float32)
    assert compare_columns(columns).copies == [False, False, True]


@pytest.mark.parametrize("people", [0, 1, MIN_COUNT - 1])
def test_the_last_and_the_mean_of_a_stable_measurement_are_not_both_shown(people: int) -> None:
    draw = np.random.default_rng(5)
    last = draw.normal(170, 10, 300)
    last[200:] = np.nan
    mean = last + np.where(draw.random(300) < 0.2, draw.normal(0, 1, 300), 0)
    mean[:people] = np.nan
    assert compare_columns(np.stack([last, mean, -mean], axis=1)).columns == [False, True, True]


@pytest.mark.parametrize("kind", ["noise", "fewer values", "many apart", "unrelated"])
def test_measurements_that_many_patients_tell_apart_are_all_shown(kind: str) -> None:
    draw = np.random.default_rng(6)
    first = draw.normal(100, 25, 300)
    others = {
        "noise": first + draw.normal(0, 10, 300),
        "fewer values": (first / 25).round(),
        "many apart": np.where(np.arange(300) < 12, 250 + np.arange(300), first),
        "unrelated": draw.normal(100, 25, 300),
    }
    columns = np.stack([first, others[kind]], axis=1).astype(np.float32)
    assert compare_columns(columns).columns == [False, False]


@pytest.mark.parametrize("seed", range(30))
def test_the_largest_part_in_the_same_order_is_found(seed: int) -> None:
    draw = np.random.default_rng(seed)
    first, second = draw.integers(0, 4, (2, 9)).astype(float)
    sizes = [
        len(part)
        for count in range(10)
        for part in map(list, combinations(range(9), count))
        if all(
            np.sign(first[left] - first[right]) == np.sign(second[left] - second[right])
            for left, right in combinations(part, 2)
        )
    ]
    assert _count_ordered(first, second) == max(sizes)


def test_a_category_of_many_values_is_compared_value_by_value() -> None:
    first = (np.arange(600) % 20).astype(np.float32)
    second = (19 - first).astype(np.float32)
    second[0] = 3
    columns = np.stack([first, second], axis=1)
    assert find_telling_columns(columns, [True, True]) == [False, True]


@pytest.mark.parametrize("people", [0, 1, MIN_COUNT - 1])
def test_nobody_learns_from_what_is_hidden_whether_somebody_has_a_value(people: int) -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text.replace('["a", "b"]', '["a", "b", "c"]'), "q.toml")
    values = np.zeros((300, 3), np.float32)
    values[:, 0], values[:, 1], values[:people, 2] = SIZE, np.arange(300) % 3 == 0, 1
    values[40 : 40 + people, 1] = 2
    rows = describe_patients(Matrix(values, LABELS), question)
    hidden = [row.words for row in rows if row.having is None]
    assert hidden == ["category: b", "category: c", "boolean: yes"]
    assert {row.missing for row in rows} == {0.0}


def test_a_close_input_is_stated_without_share_bins_or_effect() -> None:
    visible, hidden = card_rows([False, False], [False, True])
    assert visible["missing_share"] == 0 and visible["bins"]["edges"]
    assert (hidden["missing_share"], hidden["bins"]) == (None, {"edges": [], "shares": []})
    first, second = _input_lines({"predictors": [visible, hidden]})
    assert "missing 0%" in first and "missing hidden" in second


@pytest.mark.parametrize("people", [50, 107, 300, 2_000])
def test_one_patient_without_a_value_does_not_show_in_its_share(people: int) -> None:
    shares = [coarsen_missing(count / people, people) for count in range(people + 1)]
    assert (shares[0], shares[1], shares[-2], shares[-1]) == (0, 0, 1, 1)
    assert max(shares.count(share) for share in shares) >= min(MIN_COUNT, people // 10)


@pytest.mark.parametrize("is_ill", [False, True])
@pytest.mark.parametrize("rare", [0, 1, 2])
def test_no_regression_takes_a_rare_category_as_its_reference(rare: int, is_ill: bool) -> None:
    others = [code for code in range(3) if code != rare]
    codes = np.where(np.arange(300) == 7, rare, np.where(SIZE < 5, others[0], others[1]))
    labels = np.where(np.arange(300) == 7, is_ill, LABELS)
    columns = np.stack([DRAW.normal(size=300), codes], axis=1).astype(np.float32)
    fitted = fit_logistic(columns, labels, [False, True], 10.0)
    assert [term.at for term in fitted.terms if term.column] == [others[1]]
    row = np.array([[0, others[0]], [0, rare]], np.float32)
    first, second = fitted.log_odds(row)
    assert first == second


@pytest.mark.parametrize("people", [1, MIN_COUNT - 1])
@pytest.mark.parametrize("is_ill", [False, True])
def test_no_learner_learns_from_a_value_that_few_patients_have(people: int, is_ill: bool) -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    tree = "rounds = 20\nmin_child_weight = 0\nmax_depth = 8\nlambda = 0"
    question = Question.parse(text.replace("rounds = 10", tree), "q.toml")
    values = np.zeros((300, 2), np.float32)
    values[:, 0], values[:people, 1] = SIZE, 1
    labels = np.where(np.arange(300) < people, is_ill, LABELS)
    having = np.stack([SIZE, np.ones(300)], axis=1).astype(np.float32)
    lacking = np.stack([SIZE, np.zeros(300)], axis=1).astype(np.float32)
    fitter = Fitter.of(question, 0)
    for setting in list_settings(question, labels):
        fitted = fitter.fit_choice(setting, max(setting.rounds), values, labels)
        assert np.array_equal(fitted.final_log_odds(having), fitted.final_log_odds(lacking))


@pytest.mark.parametrize("kind", ["no value", "a category"])
@pytest.mark.parametrize("people", [1, MIN_COUNT - 1])
def test_no_learner_chooses_a_side_by_the_outcomes_of_the_few_who_have_something(
    kind: str, people: int
) -> None:
    text = (Path(__file__).parent / "small-question.toml").read_text()
    question = Question.parse(text, "q.toml")
    draw = np.random.default_rng(people)
    values = np.stack([draw.normal(size=600), draw.integers(0, 6, 600)], axis=1).astype(np.float32)
    few, column = np.arange(600) < people, 0 if kind == "no value" else 1
    effect = values[:, column] - values[:, column].mean()
    values[few, column] = np.nan if kind == "no value" else 6
    others = draw.random(600) < 1 / (1 + np.exp(1 - effect))
    row = np.array([[0, 3]], np.float32)
    row[0, column] = values[0, column]
    effects = []
    for is_ill in (False, True):
        labels = np.where(few, is_ill, others)
        fitter = Fitter.of(question, 0)
        assert fitter.types == ("q", "c")
        settings = list_settings(question, others)
        fitted = [fitter.fit_choice(each, max(each.rounds), values, labels) for each in settings]
        effects.append([each.learner.contributions(row)[0, column] for each in fitted])
    assert np.abs(np.subtract(*effects)).max() < 0.5


@pytest.mark.parametrize("outliers", [1, 3])
def test_no_regression_is_decided_by_the_outcomes_of_few_outliers(outliers: int) -> None:
    draw = np.random.default_rng(1)
    values = np.stack([SIZE, draw.normal(5, 1, 300)], axis=1).astype(np.float32)
    values[:outliers, 1] = 1000
    weights = set()
    for is_ill in (False, True):
        labels = np.where(np.arange(300) < outliers, is_ill, LABELS)
        terms = fit_logistic(values, labels, [False, False], 10.0).terms
        (term,) = (each for each in terms if each.column == 1)
        assert term.high is not None and term.high < 10
        weights.add(abs(term.weight) < 0.2)
        assert term.of(np.array([[0, 1e6]], np.float32)) < 4
    assert weights == {True}


def test_a_regression_of_an_earlier_release_is_read_as_it_was() -> None:
    fitted = fit_logistic(SIZE[:, None].astype(np.float32), LABELS, [False], 10.0)
    content = fitted.content()
    for term in content["terms"]:
        del term["low"], term["high"]
    (term,) = LogisticModel.of_content(content).terms
    assert term.of(np.array([[1e6]], np.float32)) > 1000
