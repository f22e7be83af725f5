from __future__ import annotations

from pathlib import Path

from models.inputs import InputValue, list_input_values
from models.question import Question
from storage.record import Record

QUESTION = Question.parse((Path(__file__).parent / "small-question.toml").read_text(), "q.toml")


def record(day: str, name: str, **observations: tuple[object, str]) -> Record:
    by_code = {f"x|{code}": observation for code, observation in observations.items()}
    return Record(b"s" * 32, "laboratory", "organisation:x", day, by_code, name * 32)


def test_each_predicting_feature_is_listed_with_its_latest_value_and_day() -> None:
    records = [
        record("2021-01-01", "b", number=(7.5, "kg")),
        record("2020-01-01", "a", number=(3, "kg"), category=("b", ""), boolean=(True, "")),
    ]
    assert list_input_values(QUESTION, records, 0) == (
        InputValue("x|number", "number", "7.5 kg", "2021-01-01", "", "1 to 10 kg"),
        InputValue("x|category", "category", "b", "2020-01-01", "", "a, b"),
    )


def test_a_value_that_the_model_cannot_accept_is_listed_with_its_problem() -> None:
    records = [record("2020-01-01", "a", number=(7, "L"), category=("c", ""))]
    values = list_input_values(QUESTION, records, 0)
    assert [(value.value, value.problem) for value in values] == [
        ("7 L", "unit"),
        ("c", "outside"),
    ]
    (heavy, _) = list_input_values(QUESTION, [record("2020-01-01", "a", number=(30.0, "kg"))], 0)
    assert (heavy.value, heavy.problem) == ("30 kg", "outside")
    assert [value.problem for value in list_input_values(QUESTION, [], 0)] == ["missing", "missing"]


def test_a_converted_value_is_listed_beside_what_its_sender_wrote() -> None:
    (weight, _) = list_input_values(QUESTION, [record("2020-01-01", "a", number=(7000, "g"))], 0)
    assert (weight.value, weight.source, weight.rule) == ("7 kg", "7000 g", "ucum")
