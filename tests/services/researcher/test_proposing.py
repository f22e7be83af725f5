"""A proposed study is complete, and belongs to an organisation."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from services.errors import Forbidden, Invalid
from services.researcher.proposing import (
    MAX_AGREEMENT,
    MAX_TEXT,
    TEXTS,
    AgreementDraft,
    StudyDraft,
    StudyProposing,
)
from services.words import Words

NOW_S = 1_800_000_000.0
QUESTION = SimpleNamespace(id="q", training_categories=("vital-signs", "condition"), required=())


class Registered:
    """Keeps what is registered."""

    def register(self, proposal: Any) -> Any:
        return proposal


def propose(party: str = "organisation:here", **changed: Any) -> Any:
    diagnostics: Any = SimpleNamespace(questions=lambda: [QUESTION], clock=lambda: NOW_S)
    values: dict[str, Any] = {
        "texts": {name: f"the {name}" for name in TEXTS},
        "question": "q",
        "days": 365,
        "ends_on": datetime.date(2090, 3, 1),
        "wants_copy": False,
    }
    proposing = StudyProposing(proposals=Registered(), diagnostics=diagnostics)
    return proposing.propose(party, StudyDraft(**values | changed), Words("en"))


def test_a_study_asks_for_every_category_that_its_question_uses() -> None:
    proposal = propose()
    assert set(proposal.categories) == {"condition", "vital-signs"}
    assert (proposal.study, proposal.owner) == ("study:the-title", "organisation:here")


def test_a_study_lasts_to_the_end_of_its_last_day() -> None:
    end = datetime.datetime.fromtimestamp(propose().until_s, datetime.UTC)
    assert end.isoformat() == "2090-03-01T23:59:59+00:00"


def test_a_study_may_have_a_name_of_its_own_in_addresses() -> None:
    assert propose(name="study:other").study == "study:other"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"question": "none"}, "question"),
        ({"days": 7}, "days"),
        ({"ends_on": None}, "ends_on"),
        ({"ends_on": datetime.date(2020, 1, 1)}, "ends_on"),
        ({"texts": {name: name for name in TEXTS if name != "board"}}, "board"),
        ({"texts": {name: "a\nb" for name in TEXTS} | {"title": "T", "condition": "c"}}, "board"),
    ],
)
def test_what_is_wrong_with_a_study_is_named(changed, field) -> None:
    with pytest.raises(Invalid) as refused:
        propose(**changed)
    assert field in refused.value.fields
    assert "protocol" not in refused.value.fields


@pytest.mark.parametrize("field", [*TEXTS, "agreement_title", "agreement_text"])
def test_a_text_that_is_too_long_is_an_error_and_never_cut(field) -> None:
    texts = {name: f"the {name}" for name in TEXTS}
    parts = {"title": "A", "text": "B"}
    most = MAX_AGREEMENT if field == "agreement_text" else MAX_TEXT
    if field in TEXTS:
        texts[field] = "x" * (most + 1)
    else:
        parts[field.removeprefix("agreement_")] = "x" * (most + 1)
    agreement = AgreementDraft(
        **parts,
        ends_on=datetime.date(2090, 1, 1),
        public_key="04" * 32,
    )
    with pytest.raises(Invalid) as refused:
        propose(texts=texts, wants_copy=True, agreement=agreement)
    assert [*refused.value.fields] == [field]
    assert f"{most + 1:,} characters, and {most:,}" in refused.value.fields[field][0]


def test_a_study_cannot_propose_another_one() -> None:
    with pytest.raises(Forbidden):
        propose(party="study:other")
