"""The commands about a question: dummy data, and how records use its codes."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from timed import FEATURES, HEAD, LABEL

from cli import make_cli
from cli.output import Output
from cli.questions import print_limits, print_question_check
from models import Question
from models.question import UNKNOWN_FOLLOW_UP
from models.question_check import CodeUse, QuestionCheck, UnitUse


def run(*words: str) -> Result:
    def opener(settings: None = None, report: object = click.echo) -> None:
        raise AssertionError("nothing may be started")

    return CliRunner().invoke(make_cli(opener), list(words))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "timed.toml"
    path.write_text(HEAD + LABEL + FEATURES, encoding="utf-8")
    return path


def test_dummy_data_are_written_without_starting_anything(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.zip"
    result = run("dummy", str(file), "--to", str(target), "--column", "glucose", "--json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"question": "timed", "file": str(target)}
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as archive:
        columns = [row["column"] for row in json.loads(archive.read("dictionary.json"))]
    assert columns == ["name", "glucose", "glucose_low", "glucose_high", "label"]


def test_an_installation_says_what_a_question_leaves_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    followed = HEAD + '[observed]\nafter = "5y"\n'
    print_limits(Output(as_json=False), Question.parse(followed + LABEL + FEATURES, "f.toml"))
    assert capsys.readouterr().err == ""
    print_limits(Output(as_json=False), Question.parse(HEAD + LABEL + FEATURES, "f.toml"))
    note = " ".join(capsys.readouterr().err.split())
    assert UNKNOWN_FOLLOW_UP in note
    assert "set after in [observed]" in note


def test_a_wrong_question_or_column_exits_with_2(file: Path, tmp_path: Path) -> None:
    assert run("dummy", str(file), "--column", "nothing").exit_code == 2
    file.write_text(HEAD, encoding="utf-8")
    assert run("dummy", str(file)).exit_code == 2


def test_a_check_names_missing_codes_with_their_nearest_and_units_that_need_a_rule(
    capsys: pytest.CaptureFixture[str],
) -> None:
    units = (UnitUse("mmol/L", 40, True), UnitUse("furlong", "1 to 10", False))
    glucose = CodeUse("glucose", ("loinc|2345-7",), 40, 45, units, "mg/dL", True, ())
    missing = CodeUse("hba1c", ("loinc|4548-5",), 0, 0, (), "percent", False, ("loinc|4548-4",))
    check = QuestionCheck(40, (glucose, missing), {"no-date": 12})
    print_question_check(Output(as_json=False), check)
    output = capsys.readouterr()
    text = " ".join(output.out.split())
    assert "Records of 40 people were opened." in text
    for part in ("furlong", "add [[unit]]", "nearest: loinc|4548-4"):
        assert part in text
    assert "no event: 12 resources: no-date" in output.err
