from __future__ import annotations

from pathlib import Path

import pytest

from models.question import Question, load_stored_question
from models.question_parts import spell_value
from records import DeclarationInvalid

FOLDER = Path(__file__).resolve().parents[2] / "models" / "questions"
GOOD = (Path(__file__).parent / "small-question.toml").read_text()


def change(old: str, new: str) -> Question:
    assert old in GOOD
    return Question.parse(GOOD.replace(old, new, 1), "q.toml")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_the_supplied_questions_load_and_have_the_names_of_their_files(path: Path) -> None:
    assert Question.load(path).id == path.stem


def test_a_question_has_everything_that_its_file_has() -> None:
    question = Question.parse(GOOD, "q.toml")
    assert [feature.code for feature in question.features] == [
        "x|number",
        "x|category",
        "x|boolean",
    ]
    assert question.categories == ("vital-signs", "laboratory")
    assert question.predictors() == [0, 1]
    assert question.label.positive == "yes"
    assert question.parameters["rounds"] == 10
    assert question.parameters["max_depth"] == 2
    assert question.eligibility[0].maximum == float("inf")
    assert question.gate.min_patients == 50
    assert load_stored_question(GOOD) is load_stored_question(GOOD)


def test_the_hash_of_a_question_depends_on_its_text() -> None:
    assert Question.parse(GOOD, "q").sha256 != change('title = "T"', 'title = "U"').sha256


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id = "a-question"', 'id = "A question"', "id"),
        ('kind = "number"', 'kind = "text"', "kind"),
        ('code = "x|number"', 'code = "number"', "system|code"),
        ('code = "x|number"', 'code = "x|num ber"', "system|code"),
        ('category = "vital-signs"', 'category = "shoes"', "category"),
        ("minimum = 1\n", "minimum = 10\n", "below the maximum"),
        ('values = ["a", "b"]', 'values = ["a"]', "at least two values"),
        ('unit = "kg"', 'units = "kg"', "unit"),
        ("rounds = 10", "rounds = 0", "1 to 5000"),
        ("rounds = 10", "scale_pos_weight = 4", "scale_pos_weight: unknown key"),
        ("rounds = 10", "subsample = 0.5", "subsample: unknown key"),
        ('code = "x|boolean"', 'code = "x|number"', "listed twice"),
        ('code = "x|boolean"', 'code = "x|leak"', "reveals the label"),
        ('code = "x|boolean"', 'code = "x|label"', "reveals the label"),
        ('category = "condition"', 'category = "laboratory"', "a prediction would open it"),
        ('required = ["vital-signs"]', 'required = ["imaging"]', "no feature has the category"),
        ('[[eligibility]]\ncode = "x|number"', '[[eligibility]]\ncode = "x|category"', "number"),
        ("edges = [5]", "edges = [5, 5]", "ascending order"),
        ("edges = [5]", "", "edges are for numbers"),
        (
            'words = "kind"\ncode = "x|category"',
            'words = "kind"\ncode = "x|none"',
            "is not a feature",
        ),
        ('leaking = ["x|leak"]', 'leaking = ["x|leak"]\nheld_out = 0.9', "held_out"),
        ('leaking = ["x|leak"]', 'leaking = ["x|leak"]\nthresholds = [0.5, 0.2]', "thresholds"),
        (
            "[parameters]",
            "[gate]\nmax_attack_auroc = 0.7\n[parameters]",
            "less strict than the default",
        ),
        ("[parameters]", "[gate]\nmin_patients = 10\n[parameters]", "less strict than the default"),
        ("[parameters]", "[gate]\nmin_patience = 90\n[parameters]", "unknown key"),
    ],
)
def test_an_invalid_question_is_refused_with_its_key(old, new, message) -> None:
    with pytest.raises(DeclarationInvalid, match=r"q\.toml") as caught:
        change(old, new)
    assert message in str(caught.value)


def test_a_question_without_a_predicting_feature_is_refused() -> None:
    text = GOOD.replace("predicts = false\n", "").replace("kind =", "predicts = false\nkind =")
    with pytest.raises(DeclarationInvalid, match="at least one feature must predict"):
        Question.parse(text, "q.toml")


def test_a_stricter_gate_than_the_default_is_accepted() -> None:
    gate = change("[parameters]", "[gate]\nmin_patients = 500\n[parameters]").gate
    assert gate.min_patients == 500


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "q.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DeclarationInvalid, match=r"q\.toml: cannot be read"):
        Question.load(path)


def test_values_are_formatted_as_clinicians_write_them(nhanes: Question) -> None:
    number, category, boolean = Question.parse(GOOD, "q.toml").features
    assert number.format(7.0) == "7 kg"
    assert category.format(1.0) == "b"
    assert (boolean.format(0.0), boolean.format(1.0)) == ("no", "yes")
    assert number.format(float("nan")) == "not recorded"
    assert nhanes.features[0].format(55) == "55 years"
    assert nhanes.features[0].accepted == "0 to 120 years"
    assert boolean.accepted == "yes, no"


def test_a_value_that_is_no_code_stays_as_it_is_written() -> None:
    assert spell_value("very-good") == "very good"
    assert spell_value("HER2-positive") == "HER2-positive"
