"""The draft of a table loses no answer and no day, in the spellings of laboratories and wards."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from records import read_table
from records.description import TableDescription, describe_table
from records.draft import distinct_slugs
from records.flags import Flag
from records.mapping import Mapping

TODAY = datetime.date(2024, 6, 1)
ROWS = range(1, 61)


def describe(folder: Path, text: str) -> TableDescription:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return describe_table(path, "t.csv", TODAY)


def with_column(name: str, cells: list[Any]) -> str:
    rows = "".join(
        f"P{n};{cells[n % len(cells)]};2024-03-{n % 28 + 1:02};{n * 37 % 60 + 1}\n" for n in ROWS
    )
    return f"pid;{name};Datum;crp\n{rows}"


@pytest.mark.parametrize(
    "name",
    [
        *("Geb.-Datum", "GebDat", "geb_am", "Geb.", "Geburtsdatum", "geboortedatum"),
        *("patient_dob", "PatDOB", "DOB (dd.mm.yyyy)", "BRTHDTC", "birthdate", "Date de naissance"),
        *("Fecha Nac.", "fecha de nacimiento", "data di nascita", "data_nasc", "födelsedatum"),
    ],
)
def test_a_day_of_birth_is_never_the_day_of_a_record(tmp_path: Path, name: str) -> None:
    births = [f"01.02.{1930 + n}" for n in ROWS]
    draft = Mapping.parse(describe(tmp_path, with_column(name, births)).mapping, "draft")
    assert draft.date_column == "Datum"
    assert [column.name for column in draft.mapped()] == ["crp"]


@pytest.mark.parametrize("name", ["birth_year", "GEB_JAHR", "Geburtsmonat"])
def test_a_part_of_a_day_of_birth_is_left_out(tmp_path: Path, name: str) -> None:
    parts = [n % 12 + 1 if "monat" in name else 1930 + n for n in ROWS]
    draft = Mapping.parse(describe(tmp_path, with_column(name, parts)).mapping, "draft")
    assert [column.name for column in draft.mapped()] == ["crp"]


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Birth weight (g)", [2000 + n * 37 % 60 * 40 for n in ROWS]),
        ("geburtsgewicht", [2.5 + n * 37 % 60 / 20 for n in ROWS]),
    ],
)
def test_what_was_measured_at_birth_is_mapped(tmp_path: Path, name: str, cells: list[Any]) -> None:
    draft = Mapping.parse(describe(tmp_path, with_column(name, cells)).mapping, "draft")
    assert {column.name for column in draft.mapped()} == {name, "crp"}


@pytest.mark.parametrize("degrees", [["-", "+", "++"], ["-", "(+)", "+", "++", "+++", "±"]])
def test_a_minus_beside_degrees_of_plus_is_an_answer(tmp_path: Path, degrees: list[str]) -> None:
    description = describe(tmp_path, with_column("protein", degrees))
    draft = Mapping.parse(description.mapping, "draft")
    stored = list(read_table(tmp_path / "t.csv", draft, today=TODAY))
    codes = [values["t|protein"][0] for row in stored for _, values in row.documents[:1]]
    assert len(codes) == len(ROWS)
    assert codes[len(degrees) - 1] == "minus"
    assert len(set(codes)) == len(degrees)


def test_a_sign_that_carries_the_meaning_of_a_value_is_a_word_of_its_code() -> None:
    assert distinct_slugs(["A+", "A-", "Rh-", "18-24"]) == {
        "A+": "a-plus",
        "A-": "a-minus",
        "Rh-": "rh-minus",
        "18-24": "18-24",
    }
    assert distinct_slugs(["1:40", "<1:40", ">1:40", "≥1:40", "<=1:40"]) == {
        "1:40": "1-40",
        "<1:40": "below-1-40",
        ">1:40": "above-1-40",
        "≥1:40": "at-least-1-40",
        "<=1:40": "at-most-1-40",
    }
    assert distinct_slugs(["+", "++", "(+)", "±"]) == {
        "+": "plus",
        "++": "plus-plus",
        "(+)": "plus-in-brackets",
        "±": "plus-minus",
    }


@pytest.mark.parametrize("word", ["none", "None"])
def test_a_word_that_may_be_an_answer_and_is_read_as_missing_is_named(
    tmp_path: Path, word: str
) -> None:
    mapping = describe(tmp_path, with_column("edema", [word, "mild", "severe"])).mapping
    assert f"# {word} is read as missing: if it is an answer, add it to values" in mapping


@pytest.mark.parametrize("time", ["0815", "081500"])
def test_moments_of_hl7_are_days(tmp_path: Path, time: str) -> None:
    rows = "".join(f"P{n},202403{n % 28 + 1:02}{time},{n % 9 + 1}\n" for n in ROWS)
    draft = Mapping.parse(describe(tmp_path, f"pid,obs_ts,crp\n{rows}").mapping, "draft")
    first = next(read_table(tmp_path / "t.csv", draft, today=TODAY))
    assert (draft.date_column, first.recorded_on) == ("obs_ts", "2024-03-02")


@pytest.mark.parametrize("time", ["0815+0100", "081500-0500", "081500.123+0000"])
def test_moments_of_hl7_with_a_zone_wait_for_their_form(tmp_path: Path, time: str) -> None:
    rows = "".join(f"P{n},202403{n % 28 + 1:02}{time},{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,obs_time,crp\n{rows}")
    flags = {each.draft.name: each.flags for each in description.columns}
    assert Flag.UNREAD_DATE in flags["obs_time"]
    assert TODAY.isoformat() not in description.mapping


def test_what_a_table_of_one_value_a_row_reads_as_missing_is_named(tmp_path: Path) -> None:
    cells = {"creatinine": ("0", "1.1", "0.9"), "edema": ("none", "mild", "severe")}
    rows = "".join(
        f"P{n},2024-03-{n % 28 + 1:02},{test},{several[n % 3]}\n"
        for n in ROWS
        for test, several in cells.items()
    )
    mapping = describe(tmp_path, f"pid,date,test,result\n{rows}").mapping
    assert "# 0 is read as not measured here: check" in mapping
    assert "# none is read as missing: if it is an answer, add it to values" in mapping
