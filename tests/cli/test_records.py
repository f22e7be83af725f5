"""The commands for tables: check and describe, which open no installation, and deposit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import orjson
from click.testing import CliRunner, Result
from workbooks import changed, workbook

from cli import make_cli
from records import Mapping
from services.custodian.records import DepositSummary

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "examples" / "heart"
MAPPING = """
[table]
id = "pid"
date_column = "day"
bounds = "limit"
[[documents]]
name = "laboratory"
category = "laboratory"
  [[documents.columns]]
  column = "crp"
  code = "http://loinc.org|1988-5"
  kind = "number"
  unit = "mg/L"
  maximum = 500
  outside = "missing"
"""


def run(*words: str) -> Result:
    def opener(settings: None = None, report: object = click.echo) -> None:
        raise AssertionError("nothing may be started")

    return CliRunner().invoke(make_cli(opener, clock=lambda: 1_717_200_000.0), list(words))


def check(folder: Path, table: str, *options: str) -> Result:
    (folder / "t.csv").write_text(table, encoding="utf-8")
    (folder / "m.toml").write_text(MAPPING, encoding="utf-8-sig")
    return run("check", str(folder / "t.csv"), "--mapping", str(folder / "m.toml"), *options)


TABLE = "pid,day,crp\n1,2024-05-01,<0.5\n2,2024-05-02,900\n3,2204-05-03,5\nTotal,,905\n"


def test_a_check_names_line_row_column_and_remedy_and_summarises_each_column(
    tmp_path: Path,
) -> None:
    result = check(tmp_path, TABLE)
    assert result.exit_code == 3  # it has a bad row
    text = " ".join(result.stdout.split())
    assert "3 rows read. 2 are good, 1 is not. 2 people. 1 bad cell left out" in text
    assert "crp 2 0 1 mg/L 0.5, 2.75, 5" in text
    assert "4 3 day a day before 1900 or in the future Correct the year" in text
    assert "a line of totals was left out" in text


def test_the_json_of_a_check_has_the_same(tmp_path: Path) -> None:
    document = orjson.loads(check(tmp_path, TABLE, "--json").stdout)
    assert (document["rows"], document["good"], document["bad"], document["left_out"]) == (
        3,
        2,
        1,
        1,
    )
    assert [(each["line"], each["code"]) for each in document["problems"]] == [(4, "date-outside")]
    assert [each["code"] for each in document["notes"]] == ["total-row", "outside"]
    (column,) = document["columns"]
    assert (column["column"], column["count"], column["bounds"]) == ("crp", 2, 1)


def test_a_row_of_units_below_the_header_is_named_and_not_read_as_data(tmp_path: Path) -> None:
    result = check(tmp_path, "pid,day,crp\n,,[mg/l]\n1,2024-05-01,5\n")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "1 row read. 1 is good" in text
    assert "read as units" in text
    other = check(tmp_path, "pid,day,crp\n,,mg/dL\n1,2024-05-01,5\n", "--json")
    (problem,) = orjson.loads(other.stdout)["problems"]
    assert (problem["code"], problem["column"], other.exit_code) == ("unit-conflict", "crp", 3)


def test_a_table_without_rows_ends_with_exit_code_1(tmp_path: Path) -> None:
    result = check(tmp_path, "pid,day,crp\n")
    assert result.exit_code == 1
    assert "no row below it" in result.stderr


def test_the_drafts_of_describe_are_accepted_and_never_replace_a_file(tmp_path: Path) -> None:
    table, folder = str(EXAMPLE / "table.csv"), tmp_path / "drafts"
    result = run("describe", table, "--label", "label", "--to", str(folder))
    assert result.exit_code == 0, result.output
    assert Mapping.load(folder / "mapping.toml").id_column == "patient_id"
    assert (folder / "question.toml").exists()
    assert "slope" in result.output  # whether it is recorded predicts the label
    rows = [line.split()[0] for line in result.output.splitlines() if line.strip()]
    assert "site" in rows  # a column that is left out is listed, with the reason
    assert "a place" in result.output
    assert "patient_id" not in rows  # that the id names people is no news
    again = run("describe", table, "--to", str(folder))
    assert again.exit_code == 1
    assert "File exists" in again.stderr


def test_describe_without_a_folder_writes_the_drafts_to_stdout() -> None:
    result = run("describe", str(EXAMPLE / "table.csv"))
    assert Mapping.parse(result.stdout.partition("\ncolumn")[0], "draft").documents
    document = orjson.loads(run("describe", str(EXAMPLE / "table.csv"), "--json").stdout)
    assert document["question"] == ""
    assert document["columns"][1]["code"] == "http://loinc.org|30525-0"


def test_a_deposit_names_erased_records_and_ends_with_exit_code_3(tmp_path: Path) -> None:
    def deposit(erased: int) -> Result:
        summary = DepositSummary(records=2, new=2 - erased, erased=erased)
        deposits = SimpleNamespace(deposit_rows=lambda rows, progress, total: summary)

        @contextmanager
        def opener(settings: None = None, report: object = click.echo) -> Iterator[Any]:
            yield SimpleNamespace(
                installation=SimpleNamespace(clock=lambda: 1_717_200_000.0),
                custodian=SimpleNamespace(records=deposits),
            )

        words = ["deposit", str(tmp_path / "t.csv"), "--mapping", str(tmp_path / "m.toml")]
        return CliRunner().invoke(make_cli(opener), words)

    check(tmp_path, "pid,day,crp\n1,2024-05-01,5\n2,2024-05-02,6\n")
    assert deposit(0).exit_code == 0
    result = deposit(1)
    assert result.exit_code == 3
    assert "1 was erased and is not stored again." in result.stdout


def test_describe_and_check_name_what_a_workbook_hides(tmp_path: Path) -> None:
    rows: list[list[object]] = [["pid", "day", "crp"]]
    rows += [[f"P{n}", f"2024-05-{n:02}", n] for n in range(1, 21)]
    path = workbook(tmp_path / "t.xlsx", rows, "Labs", "Old")
    changed(path, book=('name="Old"', 'name="Old" state="hidden"'))
    column = '<cols><col min="3" max="3" hidden="1"/></cols><sheetData>'
    changed(path, worksheets=("<sheetData>", column))
    person = '<row><c t="inlineStr"><is><t>P7<'
    changed(path, worksheets=(person, person.replace("<row>", '<row hidden="1">')))
    (tmp_path / "m.toml").write_text(MAPPING, encoding="utf-8")
    codes = ["other-sheets", "hidden-sheets", "hidden-rows", "hidden-columns"]
    for words in (["describe"], ["check", "--mapping", str(tmp_path / "m.toml")]):
        document = orjson.loads(run(*words, str(path), "--json").stdout)
        assert [note["code"] for note in document["notes"]] == codes
    text = run("describe", str(path)).stderr
    assert "were read like the others: 1 (lines: 8)." in text
    assert "hidden sheets that were not read: Old" in text
