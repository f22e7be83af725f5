from __future__ import annotations

import pytest

from models.card import Card
from models.card_content import round_figures
from models.card_pdf import write_card_pdf
from models.errors import ModelsBroken
from models.evaluation import interval
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
    assert len(titles) == 14
    assert any(card.content["model"]["sha256"] in line for line in lines)
    assert any("AUROC (95 % interval, DeLong): 0." in line for line in lines)


def test_a_card_as_pdf_has_its_figures_and_the_same_bytes_each_time(card: Card) -> None:
    def draw(name: str) -> bytes:
        return draw_card_plot(card, name) or b""

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
    assert Card(content).to_lines()[1] == "   [31mred line"


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
