"""What became of each use: the history says it from the runs of the study, never a guess."""

from __future__ import annotations

import pytest

from models import TrainingRun
from services.requests.history import HistoryEntry, _copy_result, _result
from services.words import LANGUAGES, Words

STUDY = "study:a"


def entry(at_s: int = 150, **changed) -> HistoryEntry:
    facts = {
        "seq": 1,
        "at_s": at_s,
        "party": STUDY,
        "purpose": "MLTRAINING",
        "categories": ("laboratory",),
        "outcome": "permitted",
        "since_s": 100,
        "count": 1,
        "consent_id": b"c" * 32,
    }
    return HistoryEntry(**(facts | changed))


def run(state: str, start_s: int = 100, end_s: int | None = 200, study: str = STUDY) -> TrainingRun:
    return TrainingRun(1, study, "q", "", None, state, "fit", "", start_s, end_s)


@pytest.mark.parametrize(
    ("runs", "result"),
    [
        ([], "counted"),
        ([run("done")], "learned"),
        ([run("running", end_s=None)], "learning"),
        ([run("refused")], "gate-closed"),
        ([run("stopped")], "cancelled"),
        ([run("failed")], "broken-off"),
        ([run("done", study="study:b")], "counted"),
        ([run("done", start_s=160)], "counted"),
        ([run("done", end_s=149)], "counted"),
    ],
)
def test_a_use_for_training_says_what_became_of_it(runs, result) -> None:
    assert _result(entry(), runs, {"q-1"}) == result


def test_records_that_a_training_left_out_were_counted_and_not_learned_from() -> None:
    assert _result(entry(), [run("done")], {"q-2"}) == "counted"
    assert _result(entry(), [run("running", end_s=None)], ()) == "learning"


@pytest.mark.parametrize("purpose", ["HRESCH", "PSEUDRESCH", "RECRESCH"])
def test_a_copy_without_a_row_of_the_patient_says_that_no_value_was_handed_out(purpose) -> None:
    key = entry(purpose=purpose, result="left-out").text_key
    for language in LANGUAGES:
        assert Words(language).has(f"{key}-undated")
    sentence = Words("en")(key, study="A", categories="diagnoses", date="3 March 2027")
    assert "None of your values were handed out." in sentence
    assert "downloaded" not in sentence


@pytest.mark.parametrize(
    ("made", "has_row", "result"),
    [((), (), "unmade"), (("a",), (), "left-out"), (("a",), ("a",), "")],
)
def test_a_copy_is_unmade_until_it_is_stored(made, has_row, result) -> None:
    assert _copy_result("a", made, has_row) == result
    key = entry(purpose="HRESCH", result=result).text_key
    sentence = Words("en")(key, study="A", categories="diagnoses", date="3 March 2027")
    assert ("The copy is being made" in sentence) == (result == "unmade")
    assert all(Words(language).has(f"{key}-undated") for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "result", ["learned", "learning", "counted", "gate-closed", "cancelled", "broken-off"]
)
def test_each_outcome_is_a_sentence_of_its_own(language: str, result: str) -> None:
    words, key = Words(language), entry(result=result).text_key
    sentence = words(key, study="A", categories="c", date="3 March 2027")
    others = {
        words(entry(result=other).text_key, study="A", categories="c", date="3 March 2027")
        for other in ("learned", "learning", "counted", "gate-closed", "cancelled", "broken-off")
        if other != result
    }
    assert sentence not in others
    assert words.has(f"{key}-undated")
