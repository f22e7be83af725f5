from __future__ import annotations

from dataclasses import replace

import pytest

from models.question import Question
from models.question_choices import FeatureChoice, QuestionChoices, write_question
from records import DeclarationInvalid

AGE = FeatureChoice(name="age", category="demographics", take="age", minimum=18, maximum=90)
GLUCOSE = FeatureChoice(
    name="glucose",
    category="laboratory",
    codes=("loinc|2345-7",),
    words='glucose "fasting"',
    take="mean",
    unit="mg/dL",
    since="-2y",
)
SEX = FeatureChoice(name="sex", category="demographics", codes=("SEX",), values=("female", "male"))
CHOICES = QuestionChoices(
    id="diabetes-5y",
    title="Diabetes within five years",
    intended_use="Helps to decide whom to offer a test.",
    limits=("Adults only",),
    index_codes=("actcode|AMB",),
    index_category="encounter",
    before="365d",
    after="5y",
    outcome_codes=("icd10cm|E11*",),
    outcome_category="condition",
    outcome_words="diabetes",
    outcome_definition="A first diagnosis",
    outcome_since="1d",
    outcome_until="5y",
    never_before=True,
    features=(AGE, GLUCOSE, SEX),
)


def test_choices_become_a_question_that_a_file_could_have() -> None:
    question = Question.parse(write_question(CHOICES), "choices")
    assert question.timeline is not None
    assert question.timeline.outcome.never_before
    assert question.timeline.after is not None
    assert question.timeline.after.days == 1826
    assert [feature.code for feature in question.features] == ["age", "glucose", "sex"]
    assert question.features[1].words == 'glucose "fasting"'
    # Whether anybody has a code decides nothing: codes come from a list of counts with noise.
    assert all(feature.may_be_rare for feature in question.features)
    assert [(rule.code, rule.minimum, rule.maximum) for rule in question.eligibility] == [
        ("age", 18, 90)
    ]


def test_an_outcome_may_be_a_number_and_the_index_a_date() -> None:
    choices = replace(
        CHOICES,
        index_take="date",
        index_date="2024-01-31",
        never_before=False,
        absent_is_negative=False,
        outcome_codes=("loinc|4548-4",),
        outcome_minimum=6.5,
        outcome_unit="%",
    )
    question = Question.parse(write_question(choices), "choices")
    assert question.timeline is not None
    assert question.timeline.outcome.minimum == 6.5
    assert question.timeline.index.take == "date"


def test_what_is_still_empty_is_named() -> None:
    assert CHOICES.empty_parts == ()
    empty = replace(CHOICES, title="", index_codes=(), features=())
    assert empty.empty_parts == ("title", "index_codes", "features")
    by_date = replace(CHOICES, index_take="date", index_date="")
    assert by_date.empty_parts == ("index_date",)


def test_a_window_may_be_a_single_day() -> None:
    same_day = replace(GLUCOSE, since="0d", until="0d")
    choices = replace(CHOICES, features=(same_day,), outcome_since="1d", outcome_until="1d")
    question = Question.parse(write_question(choices), "choices")
    assert question.timeline is not None
    within = question.timeline.outcome.within
    assert (within.low.days, within.high.days) == (1, 1)
    assert 'within = ["0d", "0d"]' in question.text


@pytest.mark.parametrize(("text", "value"), [("true", True), ("yes", "yes")])
def test_a_positive_value_is_a_truth_or_a_word(text: str, value: bool | str) -> None:
    choices = replace(CHOICES, absent_is_negative=False, outcome_positive=text)
    question = Question.parse(write_question(choices), "choices")
    assert question.timeline is not None
    assert question.timeline.outcome.positive == value


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": ""}, "title"),
        ({"outcome_until": "tomorrow"}, "within"),
        ({"features": (replace(GLUCOSE, until="1d"),)}, "must end at or before the index"),
        ({"features": (replace(GLUCOSE, codes=("icd10cm|E11.9",)),)}, "reveals the label"),
        ({"features": ()}, "features"),
    ],
)
def test_what_is_missing_or_wrong_is_named_by_the_parser_of_files(
    changes: dict[str, object], problem: str
) -> None:
    with pytest.raises(DeclarationInvalid, match=problem):
        Question.parse(write_question(replace(CHOICES, **changes)), "choices")
