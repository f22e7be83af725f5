from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from models.draft import DraftUnfinished, LabelUnusable, draft_question, require_written
from models.question import Question
from records import Mapping
from records.description import TableDescription, describe_table

TODAY = datetime.date(2024, 6, 1)
EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"


def describe(folder: Path, text: str, label: str) -> TableDescription:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return describe_table(path, "t.csv", TODAY, label)


def test_the_draft_of_the_heart_table_is_a_question_about_its_mapping() -> None:
    table = describe_table(EXAMPLES / "heart" / "table.csv", "heart.csv", TODAY, "label")
    question = Question.parse(draft_question(table, "heart"), "draft")
    mapped = {column.code: column for column in Mapping.parse(table.mapping, "draft").mapped()}
    shipped = Question.load(EXAMPLES.parents[1] / "models" / "questions" / "uci-heart.toml")
    assert question.id == "heart-label"
    assert {feature.code for feature in question.features} == set(mapped) - {"heart|label"}
    assert len(question.features) == len(shipped.features)
    assert question.eligibility[0].minimum == 18
    assert [group.words for group in question.subgroups] == ["age", "sex"]


def test_a_leaking_column_is_listed_and_no_feature(tmp_path: Path) -> None:
    text = "id,ill,score,hb\n" + "".join(
        f"{n * 3},{n % 2},{10 * (n % 2) + n % 3},{11 + n % 4}\n" for n in range(100)
    )
    question = Question.parse(draft_question(describe(tmp_path, text, "ill"), "t"), "draft")
    assert question.leaking == ("t|score",)
    assert [feature.code for feature in question.features] == ["http://loinc.org|718-7"]


def test_the_rarer_value_of_a_label_in_words_is_the_positive_one(tmp_path: Path) -> None:
    text = "id,state,hb\n" + "".join(
        f"{n * 3},{'Gone Bad' if n % 5 == 0 else 'fine'},{11 + n % 4}\n" for n in range(100)
    )
    question = Question.parse(draft_question(describe(tmp_path, text, "state"), "t"), "draft")
    assert question.label.positive == "gone-bad"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "id,stage,hb\n" + "".join(f"{n * 3},{n % 4},{9 + n % 4}\n" for n in range(40)),
            "4 values",
        ),
        ("id,ill,x\n" + "".join(f"{n * 3},{n % 2},same\n" for n in range(40)), "no column is left"),
    ],
)
def test_a_label_that_cannot_be_predicted_is_refused(tmp_path: Path, text: str, says: str) -> None:
    table = describe(tmp_path, text, "stage" if "stage" in text else "ill")
    with pytest.raises(LabelUnusable, match=says):
        draft_question(table, "t")


def test_a_draft_is_installed_only_when_each_text_of_it_is_written(tmp_path: Path) -> None:
    text = "id,ill,hb\n" + "".join(f"{n * 3},{n % 2},{11 + n % 4}\n" for n in range(100))
    draft = draft_question(describe(tmp_path, text, "ill"), "t")
    texts = {
        "intended_use": "To be written: whom does",
        "limits": "To be written: for whom",
        "definition of [label]": "To be written: who has",
    }
    for missing, start in texts.items():
        written = draft
        for key, other in texts.items():
            if key != missing:
                written = written.replace(other, "Written")
        assert start in written
        with pytest.raises(DraftUnfinished, match=r"t\.toml .* 'To be written'") as refused:
            require_written(Question.parse(written, "draft"), "t.toml")
        assert [key for key in texts if key in str(refused.value)] == [missing]
    finished = draft.replace("To be written", "Written")
    require_written(Question.parse(finished, "draft"), "t.toml")
