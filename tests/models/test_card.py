from __future__ import annotations

import re

import pytest

from models.card import Card
from models.card_content import round_figures
from models.card_pdf import write_card_pdf
from models.card_text import format_estimate
from models.errors import ModelsBroken
from models.evaluation import interval
from models.model_files import CARD
from models.plots import draw_card_plot

STUDY = "study:diabetes-risk"


@pytest.fixture
def card(build, heart_people) -> Card:
    world = build(heart_people)
    for records in heart_people[:3]:
        world.ledger.withdraw(records[0].subject)
    return world.diagnostics.card(world.diagnostics.train(STUDY, "uci-heart").id)


def test_a_card_has_the_items_of_the_reporting_guideline(card: Card) -> None:
    content = card.content
    assert set(content["evaluation"]) >= {
        "auroc",
        "auprc",
        "prevalence",
        "brier",
        "scaled_brier",
        "slope",
        "intercept",
        "bins",
        "net_benefit",
        "spread",
        "groups",
    }
    assert content["provenance"]["manifest_root"]
    assert content["provenance"]["view"]["count"] == 3
    assert content["question"]["sha256"]
    assert content["data"]["patients"] == 920
    assert content["patients_by_outcome"]
    assert [row["threshold"] for row in content["thresholds"]] == [0.1, 0.28, 0.8]
    assert {row["kind"] for row in content["learners"]} == {"xgboost", "logistic"}
    assert content["runs_before"] == {"all": 0, "refused": 0}
    assert content["sample_size"]["for_risk"] > 300
    assert content["curves"]["roc"][0] == [1.0, 1.0]
    assert not {"f1", "accuracy"} & set(content["evaluation"])


def test_small_counts_are_suppressed(card: Card) -> None:
    assert card.content["data"]["refused"] == {"withdrawn": 20}


def test_every_count_of_patients_on_a_card_is_in_tens(card: Card) -> None:
    def counts(content):
        if isinstance(content, dict):
            for key, value in content.items():
                if key in ("n", "events", "patients") and isinstance(value, int):
                    yield value
                yield from counts(value)
        elif isinstance(content, list):
            for value in content:
                yield from counts(value)

    numbers = list(counts(card.content))
    assert len(numbers) > 20
    assert [number for number in numbers if number % 10] == []


def test_a_card_is_read_from_its_json_with_the_same_hash(card: Card) -> None:
    copy = Card.from_json(card.to_json())
    assert (copy.sha256, copy.to_json()) == (card.sha256, card.to_json())
    low, high = interval(copy.bins(), 0.5)
    assert copy.bins() == card.bins()
    assert low <= 0.5 <= high  # widened to include the probability itself
    assert low < high


def test_the_card_as_text_has_every_section(card: Card) -> None:
    lines = card.to_lines()
    titles = [line for line in lines if not line.startswith(" ")]
    assert titles[0] == "Numbers after headings are the items of TRIPOD+AI (2024)."
    assert len(titles) == 16
    assert any(card.content["model"]["sha256"] in line for line in lines)
    assert any("AUROC (95 % interval, DeLong): 0." in line for line in lines)
    assert any("weights of patients: drawn at random" in line for line in lines)


def with_small_negatives(content):
    """Return the content with every float so near to zero, from below, that it is rounded away."""
    if isinstance(content, float):
        return -0.00001
    if isinstance(content, dict):
        return {key: with_small_negatives(value) for key, value in content.items()}
    if isinstance(content, list):
        return [with_small_negatives(value) for value in content]
    return content


def test_no_figure_of_the_card_as_text_is_a_negative_zero(card: Card) -> None:
    content = with_small_negatives(card.content)
    lines = Card(content).to_lines()
    # Parameters and the bounds of inputs are written as they are, not rounded.
    rounded = [line for line in lines if "e-05" not in line]
    assert "  calibration slope (ideal: 1): 0.00 (0.00 to 0.00)" in rounded
    assert [line for line in rounded if re.search(r"(?<!\d)-0(?:\.0+)?(?![.\d])", line)] == []


def test_the_flow_of_patients_in_the_text_adds_up(card: Card) -> None:
    data = card.content["data"]
    assert f"  patients who permit it: {data['permitted']}" in card.to_lines()
    left_out = sum(count for count in data["left_out"].values() if isinstance(count, int))
    assert abs(data["permitted"] - data["patients"] - left_out) <= 10 * len(data["left_out"])


def test_the_text_of_a_card_has_words_in_place_of_codes(card: Card) -> None:
    data = card.content["data"] | {"left_out": {"required-category-missing": 20}}
    lines = Card({**card.content, "data": data}).to_lines()
    assert "  patients left out, required category missing: 20" in lines
    assert any("PPV" in line and "NPV" in line for line in lines)
    assert any(line.startswith("  learner: ") and "(" in line for line in lines)


def test_the_items_of_the_guideline_name_members_of_the_card(card: Card) -> None:
    reporting = card.content["reporting"]
    assert reporting["guideline"] == "TRIPOD+AI (2024)"
    for member, items in reporting["items"].items():
        member_value = card.content
        for name in member.split("."):
            assert name in member_value, member
            member_value = member_value[name]
        titles = [line for line in card.to_lines() if not line.startswith(" ")]
        assert not member_value or any(items in title for title in titles), member


def test_a_card_compares_the_model_with_the_one_before(build, heart_people) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, "uci-heart")
    for records in heart_people[:20]:
        world.ledger.withdraw(records[0].subject)
    before = world.diagnostics.card(first.id).content
    assert before["before"] is None
    assert "  none" in world.diagnostics.card(first.id).to_lines()
    # A training that names no predecessor replaces the model in use all the same.
    card = world.diagnostics.card(world.diagnostics.train(STUDY, "uci-heart").id)
    assert card.content["before"]["id"] == first.id
    for name in ("auroc", "brier", "slope", "intercept"):
        assert card.content["before"][name] == before["evaluation"][name]
    area = f"{before['evaluation']['auroc']['value']:.3f}"
    assert any("AUROC: " in line and f"before {area}" in line for line in card.to_lines())


@pytest.mark.parametrize("content", [b"", b"{}", None])
def test_a_card_that_cannot_be_read_does_not_stop_the_training_of_a_successor(
    build, heart_people, content: bytes | None
) -> None:
    world = build(heart_people)
    first = world.diagnostics.train(STUDY, "uci-heart")
    path = world.diagnostics._files.path(first.id, CARD)
    path.unlink() if content is None else path.write_bytes(content)
    card = world.diagnostics.card(world.diagnostics.train(STUDY, "uci-heart").id)
    assert card.content["before"] == {"id": first.id}
    assert f"  {first.id}; its figures are on its own card" in card.to_lines()


def test_each_group_has_its_calibration_with_intervals_in_the_text(card: Card) -> None:
    groups = [group for group in card.content["evaluation"]["groups"] if group["n"] is not None]
    assert groups
    for group in groups:
        for name in ("observed_to_expected", "slope"):
            figure = group[name]
            assert figure["low"] < figure["value"] < figure["high"]
            assert any(format_estimate(figure, 2) in line for line in card.to_lines())


def test_groups_of_an_earlier_card_are_described_without_intervals(card: Card) -> None:
    group = {"words": "g", "n": 30, "events": 20, "observed_to_expected": 1.1}
    group |= {"auroc": {"value": 0.8, "low": 0.7, "high": 0.9}}
    evaluation = {**card.content["evaluation"], "groups": [group], "observed_to_expected": 1.01}
    text = "\n".join(Card({**card.content, "evaluation": evaluation}).to_lines())
    assert "observed to expected 1.10, calibration slope hidden" not in text
    assert "observed to expected 1.10" in text
    assert "observed to expected (ideal: 1): 1.01" in text


def test_a_card_without_repeats_has_the_stability_of_estimates_too(card: Card) -> None:
    assert card.content["repeated"]["sd_repeats"] is None
    assert 0 < card.content["repeated"]["sd_estimates"] < 0.2


def test_a_card_says_that_no_input_counts_tests(card: Card) -> None:
    assert "  how often tested: the question declares no such input" in card.to_lines()


def test_the_text_states_inputs_and_stability(card: Card) -> None:
    repeated = card.content["repeated"] | {"sd_estimates": 0.012}
    text = "\n".join(Card({**card.content, "repeated": repeated}).to_lines())
    assert "estimate about one patient, mean: 0.012 between draws of the folds" in text
    first = card.content["predictors"][0]
    assert f"moves the log-odds by {first['mean_log_odds']:.3f} on average" in text


def test_a_card_as_pdf_has_its_figures_and_the_same_bytes_each_time(card: Card) -> None:
    def draw(name: str) -> bytes:
        return draw_card_plot(card.content, name) or b""

    document = write_card_pdf(card, draw)
    assert document.startswith(b"%PDF-")
    assert document.count(b"/Subtype /Image") >= 7
    assert write_card_pdf(Card.from_json(card.to_json()), draw) == document


def test_a_group_that_is_too_small_is_not_reported(card: Card) -> None:
    hidden = {"words": "g", "n": None, "events": None, "auroc": None, "observed_to_expected": None}
    evaluation = {**card.content["evaluation"], "groups": [hidden]}
    lines = Card({**card.content, "evaluation": evaluation}).to_lines()
    assert "  g: too few patients to report" in lines


def test_control_characters_of_a_file_do_not_reach_the_terminal(card: Card) -> None:
    content = {**card.content, "intended_use": "\x1b[31mred\nline"}
    assert Card(content).to_lines()[2] == "   [31mred line"


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"format": "other"}'])
def test_a_text_that_is_not_a_card_is_broken(text: bytes) -> None:
    with pytest.raises(ModelsBroken):
        Card.from_json(text)


def test_nested_figures_are_rounded() -> None:
    assert round_figures({"a": (1 / 3, [2 / 3]), "b": 1, "c": "x"}) == {
        "a": [0.333, [0.667]],
        "b": 1,
        "c": "x",
    }


def test_a_rounded_figure_is_never_a_negative_zero() -> None:
    assert [str(figure) for figure in round_figures([-0.0001, -0.0, -0.6])] == [
        "0.0",
        "0.0",
        "-0.6",
    ]
