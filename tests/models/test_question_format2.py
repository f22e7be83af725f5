from __future__ import annotations

import pytest
from timed import FEATURES, HEAD, LABEL, question

from models.question import UNKNOWN_FOLLOW_UP
from records.errors import DeclarationInvalid


def feature(codes: str, take: str = "exists", within: str = '["-2y", "0d"]') -> str:
    return f"""
[[features]]
name = "added"
codes = {codes}
category = "condition"
take = "{take}"
within = {within}
"""


def test_a_condition_may_predict_a_condition() -> None:
    timed = question()
    assert timed.timeline is not None
    assert [part.code for part in timed.features] == ["age", "glucose", "hypertension"]


def test_consent_is_asked_for_features_label_and_index_and_a_prediction_opens_less() -> None:
    recurrent = LABEL.replace("never_before = true\n", "")
    demographic = FEATURES.partition('[[features]]\nname = "hypertension"')[0]
    timed = question(recurrent, demographic)
    assert timed.categories == ("laboratory", "demographics")
    assert timed.training_categories == ("laboratory", "demographics", "condition", "procedure")


def test_a_question_about_a_first_illness_opens_its_category_to_see_that_it_is_the_first() -> None:
    assert "condition" in question().categories


@pytest.mark.parametrize(
    "codes", ['["icd10cm|E11*"]', '["icd10cm|E11.9"]', '["http://hl7.org/fhir/sid/icd-10-cm|E11*"]']
)
@pytest.mark.parametrize("window", ['["1d", "5y"]', '["-100y", "0d"]'])
def test_the_label_is_refused_as_its_own_feature_by_code_and_by_prefix(
    codes: str, window: str
) -> None:
    label = LABEL.replace('["1d", "5y"]', window)
    with pytest.raises(DeclarationInvalid, match="reveals the label"):
        question(label, FEATURES + feature(codes))


def test_an_earlier_event_of_the_kind_that_is_predicted_may_be_a_feature() -> None:
    recurrent = LABEL.replace("never_before = true\n", "")
    question(recurrent, FEATURES + feature('["icd10cm|E11*"]', "count"))


def test_a_leaking_prefix_is_refused_as_a_feature() -> None:
    head = HEAD.replace("[parameters]", 'leaking = ["atc|A10*"]\n[parameters]')
    with pytest.raises(DeclarationInvalid, match="reveals the label"):
        question(features=FEATURES + feature('["atc|A10BA02"]'), head=head)


@pytest.mark.parametrize("within", ['["-2y", "1d"]', '["0d", "1h"]'])
def test_a_window_that_ends_after_the_index_is_an_error(within: str) -> None:
    with pytest.raises(DeclarationInvalid, match="must end at or before the index"):
        question(features=FEATURES + feature('["icd10cm|I10"]', within=within))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('take = "age"', 'take = "median"', "take: is unknown"),
        ('within = ["-2y", "0d"]', 'within = ["0d", "-2y"]', "ascending order"),
        ('within = ["-2y", "0d"]', 'within = ["2 years"]', "ascending order"),
        ('name = "glucose"', 'name = "age"', "listed twice"),
        ('unit = "mg/dL"\n', "", "unit: missing"),
        ('codes = ["loinc|2345-7", "local|GLU"]', 'codes = ["GLU"]', "expected system"),
        ('codes = ["loinc|2345-7", "local|GLU"]', 'codes = ["a|*b"]', "expected system"),
        ('codes = ["loinc|2345-7", "local|GLU"]', "codes = []", "at least one code"),
        (
            'codes = ["loinc|2345-7", "local|GLU"]',
            'codes = ["loinc| 2345-7"]',
            "ends with a blank",
        ),
        (
            'codes = ["loinc|2345-7", "local|GLU"]',
            'codes = ["loinc|2345 *"]',
            "ends with a blank",
        ),
        ('within = ["-2y", "0d"]', 'within = ["-6m", "0d"]', "each in h, d, w, mo or y"),
        ("[[features]]", 'kind = "x"\n[[features]]', "unknown key"),
    ],
)
def test_a_wrong_key_is_named(old: str, new: str, problem: str) -> None:
    with pytest.raises(DeclarationInvalid, match=problem):
        question(LABEL, FEATURES.replace(old, new, 1) if old != "[[features]]" else new + FEATURES)


def test_an_outcome_without_values_says_what_its_absence_means() -> None:
    with pytest.raises(DeclarationInvalid, match="absent"):
        question(LABEL.replace('absent = "negative"\n', ""))


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("minimum = 9\nmaximum = 1\n", "minimum: 9 is above the maximum, 1"),
        (
            "positive = true\nminimum = 9\n",
            "value or the range that is positive",
        ),
        (
            'positive = "yes"\nmaximum = 9\n',
            "value or the range that is positive",
        ),
    ],
)
def test_a_label_that_nothing_or_everything_could_meet_is_an_error(rule: str, problem: str) -> None:
    with pytest.raises(DeclarationInvalid, match=problem):
        question(LABEL + rule)


def test_an_age_that_nobody_could_have_is_an_error() -> None:
    rule = '[[eligibility]]\nfeature = "age"\nminimum = 80\nmaximum = 18\n'
    with pytest.raises(DeclarationInvalid, match="nobody could be eligible"):
        question(features=FEATURES + rule)
    assert question(features=FEATURES + rule.replace("80", "18")).eligibility


def test_the_meaning_of_a_habit_is_a_unit_of_ucum() -> None:
    habit = '[[unit]]\ncode = "loinc|8310-5"\nfrom = "C"\nis = "Celsius"\n'
    with pytest.raises(DeclarationInvalid, match="'Celsius' is not a unit of UCUM"):
        question(features=FEATURES + habit)
    assert question(features=FEATURES + habit.replace("Celsius", "Cel"))


def test_a_format_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(DeclarationInvalid, match="must be 1 or 2"):
        question(head=HEAD.replace("format = 2", "format = 3"))


FOLLOWED = HEAD + '[observed]\nafter = "5y"\n'
ASKED_NOW = LABEL.replace('within = ["1d", "5y"]', 'within = ["-5y", "0d"]')
NO_VALUE = 'absent = "missing"\npositive = "yes"\n'


@pytest.mark.parametrize(
    ("head", "label", "is_unknown"),
    [
        (HEAD, LABEL, True),
        (FOLLOWED, LABEL, False),
        (HEAD, ASKED_NOW.replace("never_before = true\n", ""), False),
        (HEAD, LABEL.replace('absent = "negative"\n', NO_VALUE), False),
    ],
)
def test_patients_who_count_as_negative_without_follow_up_are_a_limit_of_the_question(
    head: str, label: str, is_unknown: bool
) -> None:
    parsed = question(label, head=head)
    assert parsed.limits == ("L",)
    assert parsed.all_limits == (("L", UNKNOWN_FOLLOW_UP) if is_unknown else ("L",))


def test_codes_that_mean_the_same_are_read_together() -> None:
    same = '\n[[same]]\ncode = "loinc|2345-7"\nas = ["lab|G1"]\n'
    reading = question(units=same).features[1].reading
    assert reading is not None
    assert "lab|G1" in reading.codes.patterns
