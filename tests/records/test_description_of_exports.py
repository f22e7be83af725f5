"""A table without a mapping that another program exported: no value gets a wrong day or meaning."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from records import DeclarationInvalid, Mapping, TableInvalid, check_table, read_table
from records.description import TableDescription, describe_table
from records.flags import Flag

TODAY = datetime.date(2026, 11, 29)
DAYS = range(1, 29)


def describe(tmp_path: Path, text: str | bytes) -> tuple[Path, TableDescription]:
    path = tmp_path / "t.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path, describe_table(path, path.name, TODAY)


def flags(description: TableDescription) -> dict[str, tuple[Flag, ...]]:
    return {column.draft.name: column.flags for column in description.columns}


def draft_of(tmp_path: Path, description: TableDescription) -> Mapping:
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(description.mapping)
    return Mapping.load(mapping)


@pytest.mark.parametrize(
    "others",
    [
        [f"02/{day:02}/2024" for day in DAYS],
        [f"2/{day}/24" for day in DAYS],
        [f"02.{day:02}.2024" for day in DAYS],
    ],
)
def test_days_whose_order_differs_between_sites_wait_for_one_form(
    tmp_path: Path, others: list[str]
) -> None:
    ours = [f"{day:02}/02/2024" for day in DAYS] * 2
    rows = [f"{number},{day},13" for number, day in enumerate([*ours, *others], 1)]
    _, description = describe(tmp_path, "pid,visit,hb\n" + "\n".join(rows))
    assert Flag.UNREAD_DATE in flags(description)["visit"]
    with pytest.raises(DeclarationInvalid, match="date_format"):
        draft_of(tmp_path, description)


def test_a_slip_in_one_day_is_a_cell_to_correct_and_not_another_order(tmp_path: Path) -> None:
    days = [f"{day:02}.02.2024" for day in DAYS] * 3 + ["02.30.2024"]
    rows = [f"{number},{day},{number % 9}" for number, day in enumerate(days, 1)]
    path, description = describe(tmp_path, "pid,visit,score\n" + "\n".join(rows))
    assert flags(description)["visit"] == (Flag.NOT_DATES,)
    assert check_table(path, draft_of(tmp_path, description), today=TODAY).wrong == 1


@pytest.mark.parametrize(
    "name", ["2024-05-31", "31.05.2024", "crp 2024-05-31", "crp_2024-05-31", "5/31/2024 crp"]
)
def test_a_column_that_is_named_after_a_day_is_not_filed_under_another_day(
    tmp_path: Path, name: str
) -> None:
    rows = "".join(f"{number},{number % 7},{number % 5}\n" for number in DAYS)
    _, description = describe(tmp_path, f"pid,{name},hb\n{rows}")
    drafts = {column.draft.name: column.draft for column in description.columns}
    assert (drafts[name].role, drafts["hb"].role) == ("ignore", "value")
    assert "a day is in its name" in drafts[name].comment


def test_a_constant_day_that_cannot_be_read_is_never_replaced_by_the_deposits(
    tmp_path: Path,
) -> None:
    rows = "".join(f"'{number}','2024-01-01','{number % 9}'\n" for number in DAYS)
    _, description = describe(tmp_path, f"'pid','date','crp'\n{rows}")
    assert TODAY.isoformat() not in description.mapping
    with pytest.raises(DeclarationInvalid, match="date_format"):
        draft_of(tmp_path, description)


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("troponin_sign", ["<", "=", ">"]),
        ("op", ["<", "", "<"]),
        ("operator_concept_id", ["4171756", "4172703", "4172704"]),
        ("TVAL_CHAR", ["E", "L", "GE"]),
    ],
)
def test_a_column_of_operators_is_flagged_and_not_mapped(
    tmp_path: Path, name: str, operators: list[str]
) -> None:
    rows = "".join(f"{n},2024-01-01,{n % 9}.5,{operators[n % 3]}\n" for n in DAYS)
    _, description = describe(tmp_path, f"pid,date,troponin,{name}\n{rows}")
    assert Flag.OPERATORS in flags(description)[name]
    assert "write each before its number, as <0.5" in description.mapping


@pytest.mark.parametrize(
    "words", [["L", "E", "L"], ["H", "L", "N"], ["=", "=", "="], ["a", "b", "<"]]
)
def test_other_letters_are_not_taken_for_operators(tmp_path: Path, words: list[str]) -> None:
    rows = "".join(f"{n},2024-01-01,{n % 9}.5,{words[n % 3]}\n" for n in DAYS)
    _, description = describe(tmp_path, f"pid,date,troponin,flagged\n{rows}")
    assert Flag.OPERATORS not in flags(description)["flagged"]


@pytest.mark.parametrize("blank", [" ", "\u00a0", "\u202f", "\u2009", "'", "\u2019"])
def test_a_decimal_comma_is_found_behind_groups_of_thousands(tmp_path: Path, blank: str) -> None:
    rows = "".join(f"{n};2024-01-01;1{blank}{n % 9}00,5\n" for n in DAYS)
    path, description = describe(tmp_path, f"pid;date;cells\n{rows}")
    first = next(iter(read_table(path, draft_of(tmp_path, description))))
    assert [values for _, values in first.documents] == [{"t|cells": (1100.5, "1")}]


@pytest.mark.parametrize("codes", [("0", "1"), ("1", "2"), ("true", "false"), ("m", "f")])
def test_sex_is_a_category_of_demographics_however_it_is_written(
    tmp_path: Path, codes: tuple[str, str]
) -> None:
    rows = "".join(f"{n},2024-01-01,{codes[n % 2]}\n" for n in DAYS)
    _, description = describe(tmp_path, f"pid,date,sex\n{rows}")
    (draft,) = (c.draft for c in description.columns if c.draft.name == "sex")
    assert (draft.kind, draft.category) == ("category", "demographics")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_its_mark(tmp_path: Path, encoding: str) -> None:
    text = "pid,date,crp\n" + "".join(f"{n},2024-01-01,{n % 9}\n" for n in DAYS)
    path, description = describe(tmp_path, text.encode(encoding))
    report = check_table(path, draft_of(tmp_path, description), today=TODAY)
    assert (report.good, report.wrong) == (len(DAYS), 0)


@pytest.mark.parametrize("separator", [" ", "   ", ":"])
def test_a_table_whose_separator_is_not_found_is_refused(tmp_path: Path, separator: str) -> None:
    rows = "\n".join(separator.join((str(n), "x", "5")) for n in DAYS)
    with pytest.raises(TableInvalid, match="one column was found. Separate the cells by"):
        describe(tmp_path, f"pid{separator}a{separator}crp\n{rows}")


def test_a_line_that_repeats_the_names_of_the_columns_is_not_a_row_and_is_reported(
    tmp_path: Path,
) -> None:
    names = "pid,date,crp\n"
    rows = [f"{n},2024-01-01,{n % 9}\n" for n in DAYS]
    path, description = describe(tmp_path, names + "".join([*rows[:9], names, *rows[9:]]))
    assert (description.rows, flags(description)["crp"]) == (len(DAYS), ())
    report = check_table(path, draft_of(tmp_path, description), today=TODAY)
    assert (report.good, report.wrong) == (len(DAYS), 0)
    assert [(note.code, note.line) for note in report.notes] == [("header-again", 11)]


def test_a_second_table_below_the_first_is_named_and_stops_the_deposit(tmp_path: Path) -> None:
    first = "pid,date,crp\n" + "".join(f"{n},2024-01-01,{n % 9}\n" for n in DAYS)
    path, description = describe(tmp_path, first)
    mapping = draft_of(tmp_path, description)
    path.write_text(f"{first}\npid,date,drug\n99,2024-01-01,5\n")
    report = check_table(path, mapping, today=TODAY)
    assert [(fault.code, fault.line) for fault in report.faults] == [("other-table", 31)]


@pytest.mark.parametrize("domain", ["LB", "VS"])
def test_a_table_of_sdtm_is_one_of_one_value_a_row(tmp_path: Path, domain: str) -> None:
    names = "USUBJID,{0}SEQ,{0}TESTCD,{0}TEST,{0}ORRES,{0}ORRESU,{0}STRESN,{0}STRESU,{0}DTC"
    rows = [
        f"S-{day},{seq},{code},{code},{100 + day + seq}.5,{unit},{day},x,2024-02-{day:02}T08:15"
        for day in DAYS
        for seq, (code, unit) in enumerate([("GLUC", "mg/dL"), ("SYSBP", "mmHg")])
    ]
    path, description = describe(tmp_path, names.format(domain) + "\n" + "\n".join(rows))
    mapping = draft_of(tmp_path, description)
    first = next(read_table(path, mapping))
    assert (first.person, first.recorded_on) == ("S-1", "2024-02-01")
    values = {code: pair for _, observed in first.documents for code, pair in observed.items()}
    glucose, pressure = "http://loinc.org|2345-7", "http://loinc.org|8480-6"
    assert values == {glucose: (101.5, "mg/dL"), pressure: (102.5, "mm[Hg]")}
    assert check_table(path, mapping, today=TODAY).good == 2 * len(DAYS)


@pytest.mark.parametrize(
    "names", ["subject_id,charttime,itemid,valuenum,valueuom", "pid,Datum,Testcode,Wert,Einheit"]
)
def test_numbers_may_be_the_codes_of_a_table_of_one_value_a_row(tmp_path: Path, names: str) -> None:
    rows = [
        f"{day},2024-02-{day:02},{code},{day + 1}.5,{unit}"
        for day in DAYS
        for code, unit in ((50912, "mg/dL"), (50971, "mEq/L"))
    ]
    path, description = describe(tmp_path, names + "\n" + "\n".join(rows))
    first = next(read_table(path, draft_of(tmp_path, description)))
    assert dict(first.documents)["laboratory"] == {
        "t|50912": (2.5, "mg/dL"),
        "t|50971": (2.5, "meq/L"),
    }


def test_a_number_that_is_named_as_an_event_is_a_value(tmp_path: Path) -> None:
    rows = [f"{day},2024-0{n}-{day:02},{day % 2},{day}.5" for day in DAYS for n in (1, 2)]
    _, description = describe(tmp_path, "pid,date,event,value\n" + "\n".join(rows))
    assert description.draft.long == {}


def test_a_word_may_have_a_unit_beside_it(tmp_path: Path) -> None:
    levels = ("neg.", "+", "25-50")
    rows = [f"{day},2024-02-{day:02},Leuko,{levels[day % 3]},/µl" for day in DAYS]
    rows += [f"{day},2024-02-{day:02},CRP,{day},mg/l" for day in DAYS]
    path, description = describe(tmp_path, "pid,Datum,Test,Wert,Einheit\n" + "\n".join(rows))
    mapping = draft_of(tmp_path, description)
    assert check_table(path, mapping, today=TODAY).good == 2 * len(DAYS)
    assert dict(next(read_table(path, mapping)).documents)["survey"] == {"t|leuko": ("plus", "")}
    path.write_text(path.read_text().replace("+,/µl", "+,/HPF"))
    report = check_table(path, mapping, today=TODAY)
    assert {fault.code.value for fault in report.faults} == {"unit-differs"}
    assert "the unit is not 1" in report.faults[0].message


def test_who_had_no_event_is_not_left_out_for_want_of_its_day(tmp_path: Path) -> None:
    rows = [f"{day},{day % 9},{'2024-05-01' if day % 3 else ''}" for day in DAYS]
    path, description = describe(tmp_path, "pid,crp,death_date\n" + "\n".join(rows))
    mapping = draft_of(tmp_path, description)
    assert mapping.date_column == ""
    assert check_table(path, mapping, today=TODAY).good == len(DAYS)


def test_decimal_commas_are_no_separators_though_every_value_has_one(tmp_path: Path) -> None:
    rows = "".join(f"{day};{day % 9},1;3,{day % 7}\n" for day in DAYS)
    path, description = describe(tmp_path, f"PatNr;Krea;Kalium\n{rows}")
    mapping = draft_of(tmp_path, description)
    assert (mapping.file.separator, mapping.file.skip, mapping.id_column) == (";", 0, "PatNr")
    first = next(read_table(path, mapping))
    assert first.person == "1"
    assert dict(first.documents)["laboratory"]["t|krea"] == (1.1, "1")


def test_that_0_is_read_as_missing_is_said_beside_any_other_remark(tmp_path: Path) -> None:
    rows = "".join(f"{day},{day % 5}.{day % 7}\n" for day in DAYS)
    _, description = describe(tmp_path, f"pid,Hb (mmol/l)\n0{rows}30,0.0\n")
    (line,) = [each for each in description.mapping.splitlines() if 'column = "Hb' in each]
    assert "another code is needed; 0 is read as not measured here: check" in line
    assert 'missing = ["0"]' in description.mapping
