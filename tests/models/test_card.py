from __future__ import annotations

import html.parser

import pytest

from models.card import Card, rounded
from models.errors import ModelsBroken
from models.evaluation import interval

STUDY = "study:diabetes-risk"


@pytest.fixture
def card(build, heart_people) -> Card:
    world = build(heart_people)
    for records in heart_people[:3]:
        world.ledger.withdraw(records[0].subject)
    return world.diagnostics.card(world.diagnostics.train(STUDY, "uci-heart").id)


class Balance(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_card_says_what_the_reporting_guideline_asks_for(card: Card) -> None:
    held = card.content
    assert set(held["evaluation"]) >= {
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
    assert held["provenance"]["manifest_root"]
    assert held["provenance"]["view"]["count"] == 3
    assert held["question"]["sha256"]
    assert held["data"]["patients"] == held["data"]["training"] + held["data"]["held_out"]
    assert not {"f1", "accuracy"} & set(held["evaluation"])


def test_small_counts_are_words(card: Card) -> None:
    assert card.content["data"]["refused"] == {"withdrawn": 21}


def test_a_card_comes_back_from_its_text_with_its_hash(card: Card) -> None:
    again = Card.from_json(card.to_json())
    assert (again.sha256, again.to_json()) == (card.sha256, card.to_json())
    assert interval(again.bins(), 0.5)[0] < 0.5 < interval(again.bins(), 0.5)[1]


def test_the_sections_are_html_that_closes(card: Card) -> None:
    sections = card.sections()
    assert len(sections) == 10
    for heading, fragment in sections:
        assert heading
        balance = Balance()
        balance.feed(fragment)
        assert balance.open == []


def test_a_group_that_is_too_small_is_not_reported(card: Card) -> None:
    hidden = {"words": "g", "n": None, "events": None, "auroc": None, "observed_to_expected": None}
    evaluation = {**card.content["evaluation"], "groups": [hidden]}
    sections = dict(Card({**card.content, "evaluation": evaluation}).sections())
    assert "not reportable" in sections["For whom how good"]


def test_what_a_file_says_is_escaped(card: Card) -> None:
    content = dict(card.content)
    content["intended_use"] = "<script>alert(1)</script>"
    (_, fragment), *_ = Card(content).sections()
    assert "<script>" not in fragment


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"format": "other"}'])
def test_a_text_that_is_no_card_is_broken(text: bytes) -> None:
    with pytest.raises(ModelsBroken):
        Card.from_json(text)


def test_figures_are_rounded_all_the_way_down() -> None:
    assert rounded({"a": (1 / 3, [2 / 3]), "b": 1, "c": "x"}) == {
        "a": [0.3333, [0.6667]],
        "b": 1,
        "c": "x",
    }
