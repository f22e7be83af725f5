from __future__ import annotations

import datetime
import random
from pathlib import Path

import pytest

from records import DeclarationInvalid, TableEmpty, TableInvalid, check_table
from records.columns import Column
from records.description import TableDescription, describe_table
from records.draft import distinct_slugs, slug, toml_text
from records.flags import Flag
from records.mapping import Mapping
from records.named_units import guess_unit, unit_in_name
from records.profile import profile_table
from records.strict_toml import Section
from records.values import LOINC, code_problem, is_unit
from records.variables import _table, find_variable

TODAY = datetime.date(2024, 6, 1)
EXAMPLES = Path(__file__).resolve().parents[2] / "deploy" / "examples"


def describe(folder: Path, text: str, label: str = "", name: str = "t.csv") -> TableDescription:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return describe_table(path, name, TODAY, label)


def draft_of(description: TableDescription) -> Mapping:
    return Mapping.parse(description.mapping, "draft")


def flags(description: TableDescription) -> dict[str, tuple[Flag, ...]]:
    return {column.draft.name: column.flags for column in description.columns if column.flags}


def right_lines(draft: Mapping, shipped: Mapping) -> tuple[int, int]:
    """Return how many lines of a draft can stay as they are, and how many there are.

    A code of the table's own may have any name; a range is right if it accepts every value of the
    table that the shipped one accepts, which the caller checks; values are right by their cells.
    """
    drafted = {
        column.name: (document.category, column)
        for document in draft.documents
        for column in document.columns
    }
    right = total = 0
    for document in shipped.documents:
        for column in document.columns:
            category, mine = drafted.get(column.name, ("", None))
            checks = [mine is not None, mine is not None and _is_code_right(mine, column)]
            checks += [mine is not None and mine.kind == column.kind, category == document.category]
            if column.kind == "number":
                checks.append(mine is not None and mine.unit == column.unit)
                checks += [mine is not None and mine.minimum <= mine.maximum] * 2
            if column.values:
                checks.append(mine is not None and set(mine.values) == set(column.values))
            right += sum(checks)
            total += len(checks)
    return right, total


def _is_code_right(mine: Column, shipped: Column) -> bool:
    return mine.code == shipped.code or not shipped.code.startswith(LOINC)


@pytest.mark.parametrize("name", ["nhanes", "heart"])
def test_85_percent_of_the_lines_of_the_shipped_mappings_are_drafted(name: str) -> None:
    table = EXAMPLES / name / "table.csv"
    description = describe_table(table, f"{name}.csv", TODAY, "label")
    draft, shipped = draft_of(description), Mapping.load(EXAMPLES / name / "mapping.toml")
    right, total = right_lines(draft, shipped)
    assert right / total >= 0.85, (right, total)
    assert draft.id_column == shipped.id_column
    mine, theirs = (check_table(table, each, has_summary=True) for each in (draft, shipped))
    assert (mine.good, mine.wrong) == (theirs.good, 0)
    accepted = {column.column: column.count for column in mine.columns}
    # Every value that the shipped ranges accept, and none of what they read as missing.
    assert {c.column: accepted.get(c.column) for c in theirs.columns} == {
        c.column: c.count for c in theirs.columns
    }


def test_every_code_of_the_table_of_variables_has_its_check_digit_and_a_unit() -> None:
    for _, variable in _table():
        assert code_problem(variable.code) == ""
        assert is_unit(variable.unit)
        assert variable.minimum < variable.maximum


@pytest.mark.parametrize(
    ("name", "loinc", "unit"),
    [
        ("BodyMassIndexKgm2", "39156-5", "kg/m2"),
        ("hb", "718-7", "g/dL"),
        ("fasting_glucose", "1558-6", "mg/dL"),
        ("SBP", "8480-6", "mm[Hg]"),
        ("CRP (mg/L)", "1988-5", "mg/L"),
        ("Alter", "30525-0", "a"),
    ],
)
def test_common_names_give_their_loinc_code(name: str, loinc: str, unit: str) -> None:
    variable = find_variable(name)
    assert variable is not None
    assert (variable.loinc, variable.unit) == (loinc, unit)


@pytest.mark.parametrize("name", ["page", "thalassemia", "package", "stage", "weighting"])
def test_a_name_that_only_resembles_one_gives_no_code(name: str) -> None:
    assert find_variable(name) is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [("BloodLeadUgdl", "ug/dL"), ("sleep_hours", "h"), ("dose_mg", "mg"), ("stage", "1")],
)
def test_units_are_guessed_from_names(name: str, unit: str) -> None:
    assert guess_unit(name) == unit


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("CRP [mg/l]", "mg/L"),
        ("Leukozyten /µl", "/ul"),
        ("Leukozyten (G/l)", "10*9/L"),
        ("WBC K/uL", "10*3/uL"),
        ("wbc 10*3/uL", "10*3/uL"),
        ("Ery T/l", "10*12/L"),
        ("IgE kU/l", "kU/l"),
        ("che_ku_l", "k[IU]/L"),
        ("TSH (mIU/L)", "m[IU]/L"),
        ("alt_u_l", "U/L"),
        ("dose mg/kg/d", "mg/kg/d"),
        ("albumin mg/mmol", "mg/mmol"),
        ("osmolality mosm/kg", "mosm/kg"),
        ("D-Dimer mg/l FEU", "mg/L"),
        ("PEEP cmH2O", "cm[H2O]"),
        ("hb g%", "g/dL"),
        ("troponin_ng_l", "ng/L"),
        # A part of it would be another unit.
        ("protein mg/24h", "1"),
        ("eGFR ml/min/1,73m2", "1"),
        # A slash that divides no units says nothing of them.
        ("weight / kg", "kg"),
        ("AST/ALT ratio", "1"),
        ("HBs pos/neg", "1"),
    ],
)
def test_the_unit_of_a_name_is_read_as_a_whole(name: str, unit: str) -> None:
    assert unit_in_name(name) == unit


def test_a_table_of_a_spreadsheet_in_german_is_drafted_and_accepted(tmp_path: Path) -> None:
    lines = "".join(
        f"{n:03};{1 + n % 28:02}.05.2024;{n % 7},5;{crp};{'ja' if n % 2 else 'nein'}\n"
        for n in range(40)
        for crp in ["<0,5" if n == 3 else f"{n},25"]
    )
    text = "sep=;\nPatientID;Datum;Kreatinin;CRP;Raucher\n" + lines
    description = describe(tmp_path, text)
    draft = draft_of(description)
    assert (draft.id_column, draft.date_column, draft.date_format) == (
        "PatientID",
        "Datum",
        "%d.%m.%Y",
    )
    assert (draft.file.separator, draft.file.decimal) == (";", ",")
    assert flags(description)["CRP"] == (Flag.BOUNDS,)
    report = check_table(tmp_path / "t.csv", draft, today=TODAY, has_summary=True)
    assert (report.good, report.wrong) == (40, 0)
    assert [column.code for column in report.columns] == [
        "http://loinc.org|2160-0",
        "http://loinc.org|1988-5",
        "t|raucher",
    ]


def test_identifiers_constants_and_row_numbers_are_ignored_and_flagged(tmp_path: Path) -> None:
    text = "pid,Unnamed: 0,first_name,e-mail,site,hb,ward_text\n" + "".join(
        f"P{n * 7},{n},Name{n},a{n}@b.example,north,{12 + n % 5},remark {n}\n" for n in range(60)
    )
    description = describe(tmp_path, text)
    draft = draft_of(description)
    assert [column.name for column in draft.mapped()] == ["hb"]
    assert set(draft.ignore) == {"Unnamed: 0", "first_name", "e-mail", "site", "ward_text"}
    seen = flags(description)
    assert seen["first_name"] == seen["e-mail"] == (Flag.IDENTIFIER,)
    assert seen["Unnamed: 0"] == (Flag.ROW_NUMBERS,)
    assert Flag.CONSTANT in seen["site"]
    assert check_table(tmp_path / "t.csv", draft).good == 60


def test_copies_under_other_ids_are_counted(tmp_path: Path) -> None:
    rows = [f"{n},{n % 13}.5,{n * 3 % 17},{n % 2}" for n in range(100, 150)]
    copies = [f"{n + 500},{row.partition(',')[2]}" for n, row in enumerate(rows[:30])]
    text = "id,hb,crp,label\n" + "\n".join([*rows, *copies]) + "\n"
    assert describe(tmp_path, text).copies >= 30


def test_columns_that_separate_the_label_alone_are_flagged(tmp_path: Path) -> None:
    draw = random.Random(7)
    lines = []
    for n in range(400):
        ill = draw.random() < 0.4
        outcome = 5 + 3 * ill + draw.gauss(0, 0.5)
        marker = 5 + 2 * ill + draw.gauss(0, 1)
        seen = f"{draw.gauss(0, 1):.2f}" if ill or draw.random() < 0.4 else ""
        lines.append(f"{n * 3},{int(ill)},{outcome:.2f},{marker:.2f},{seen},{draw.random():.3f}\n")
    text = "id,died,score,marker,troponin_x,noise\n" + "".join(lines)
    description = describe(tmp_path, text, label="died")
    seen_flags = flags(description)
    assert seen_flags["score"] == (Flag.LEAK,)
    assert seen_flags["marker"] == (Flag.SUSPECT,)
    assert seen_flags["troponin_x"] == (Flag.MISSING,)
    assert "noise" not in seen_flags
    strengths = {column.draft.name: column.auroc for column in description.columns}
    assert strengths["died"] is None
    assert strengths["noise"] == pytest.approx(0.5, abs=0.06)


def test_a_table_of_one_value_a_row_is_drafted_as_one(tmp_path: Path) -> None:
    text = "id,days,test,value\n" + "".join(
        f"{n % 10},{n * 9},{test},{base + n % 9}\n"
        for n in range(60)
        for test, base in (("hdl", 40), ("sbp", 110))
    )
    draft = draft_of(describe(tmp_path, text, name="labs.csv.gz"))
    assert draft.long is not None
    assert (draft.long.code, draft.long.value, draft.date_format) == (
        "test",
        "value",
        "days since 2000-01-01",
    )
    assert [column.code for column in draft.mapped()] == [
        "http://loinc.org|2085-9",
        "http://loinc.org|8480-6",
    ]


def test_several_rows_a_person_with_dates_are_drafted_as_visits(tmp_path: Path) -> None:
    text = "pid,day,hb\n" + "".join(
        f"{n % 10},2024-0{1 + n // 10}-0{1 + n % 7},{10 + n % 5}\n" for n in range(50)
    )
    description = describe(tmp_path, text)
    assert draft_of(description).has_visits
    assert check_table(tmp_path / "t.csv", draft_of(description), today=TODAY).good == 50


def test_numbers_that_mean_missing_are_drafted_as_such(tmp_path: Path) -> None:
    text = "pid,minutes_sitting,sbp\n" + "".join(
        f"{n},{9999 if n % 9 == 0 else 60 + n},{0 if n == 7 else 110 + n % 30}\n" for n in range(50)
    )
    draft = draft_of(describe(tmp_path, text))
    minutes, pressure = draft.mapped()
    assert (minutes.read("9999"), pressure.read("0"), pressure.read("120")) == (None, None, 120.0)


@pytest.mark.parametrize("zeros", [1, 30])
@pytest.mark.parametrize("name", ["crp", "troponin", "tsh"])
def test_a_result_that_was_rounded_to_zero_is_a_value(
    tmp_path: Path, name: str, zeros: int
) -> None:
    text = f"pid,{name}\n" + "".join(
        f"{n},{0.0 if n < zeros else 0.1 + n % 9 / 10}\n" for n in range(60)
    )
    draft = draft_of(describe(tmp_path, text))
    (column,) = draft.mapped()
    assert column.read("0.0") == 0
    assert check_table(tmp_path / "t.csv", draft, today=TODAY).good == 60


def test_a_zero_that_is_read_as_not_measured_is_named_in_the_draft(tmp_path: Path) -> None:
    text = "pid,sbp\n" + "".join(f"{n},{0 if n == 7 else 110 + n % 30}\n" for n in range(50))
    assert "0 is read as not measured here" in describe(tmp_path, text).mapping


def test_a_table_without_rows_or_without_the_label_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableEmpty):
        describe(tmp_path, "pid,hb\n")
    with pytest.raises(DeclarationInvalid, match="no column 'x'; the table has pid, hb"):
        describe(tmp_path, "pid,hb\n1,2\n", label="x")


@pytest.mark.parametrize("name", ['a"b\\c', "tab\there", "\x7f", "ü [mg/dL]", "", "#", "x\ny"])
def test_any_name_of_a_column_is_written_as_toml(name: str) -> None:
    text = f"a = {toml_text(name)}\nb = 1"
    assert Section.of_text(text, "t").text("a", "") == name


def test_slugs_are_ascii_and_differ() -> None:
    assert slug("Größe (cm)") == "grosse-cm"
    assert distinct_slugs(["A b", "a-b", "東京"]) == {"A b": "a-b", "a-b": "a-b-2", "東京": "value"}


def columns_of(folder: Path, text: str) -> dict[str, Column]:
    return {column.name: column for column in draft_of(describe(folder, text)).mapped()}


def test_a_unit_in_the_header_comes_before_the_usual_one(tmp_path: Path) -> None:
    names = "Glucose (mmol/L),Hb [g/L],HbA1c (%),Größe,Weight (lb)"
    rows = "".join(
        f"p{n},{5 + n % 3},{130 + n % 9},6.{n % 9},17{n % 5},15{n % 7}\n" for n in range(30)
    )
    columns = columns_of(tmp_path, f"pid,{names}\n{rows}")
    units = {name: (column.code, column.unit) for name, column in columns.items()}
    assert units == {
        "Glucose (mmol/L)": ("t|glucose-mmol-l", "mmol/L"),  # another kind of quantity
        "Hb [g/L]": (f"{LOINC}|718-7", "g/L"),
        "HbA1c (%)": (f"{LOINC}|4548-4", "%"),
        "Größe": (f"{LOINC}|8302-2", "cm"),
        "Weight (lb)": (f"{LOINC}|29463-7", "[lb_av]"),
    }


def test_values_in_another_unit_than_the_usual_one_are_refused_by_the_draft(tmp_path: Path) -> None:
    rows = "".join(f"p{n},1.{60 + n}\n" for n in range(30))
    height = columns_of(tmp_path, f"pid,height\n{rows}")["height"]
    assert (height.unit, height.minimum, height.maximum) == ("cm", 100, 230)


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("albumin", "38.1 41 36.5", "g/L"),
        ("temperature", "98.6 99.1 101.3", "[degF]"),
        ("height", "1.71 1.64 1.93", "m"),
        ("albumin", "3810 4100 3650", "mg/dL"),
        ("albumin", "3810000 4100000 3650000", ""),  # none of them
        ("crp", "90000 80000 70000", ""),  # two of them
    ],
)
def test_a_draft_names_the_unit_in_which_the_values_would_be_in_range(
    tmp_path: Path, name: str, values: str, unit: str
) -> None:
    rows = "".join(f"{row},2024-01-0{row},{value}\n" for row, value in enumerate(values.split(), 1))
    mapping = describe(tmp_path, f"pid,day,{name}\n{rows}").mapping
    [line] = [line for line in mapping.splitlines() if "most values are out" in line]
    assert ("would fit" in line) == bool(unit)
    if unit:
        assert line.endswith(f"They would fit {unit}: ask the sender")


def test_a_place_is_left_out_with_what_to_do_to_test_by_it(tmp_path: Path) -> None:
    rows = "".join(f"{row},2024-01-0{row},s{row % 2},{row}.5\n" for row in range(1, 7))
    mapping = describe(tmp_path, f"pid,day,site,crp\n{rows}").mapping
    assert 'ignore = ["site"]' in mapping
    assert "# site: a place: map it as a category to test by it (split_by)" in mapping


def test_numbers_with_a_unit_or_a_word_among_them_are_drafted_as_numbers(tmp_path: Path) -> None:
    text = "pid;crp;ef;plt\n;mg/L;%;\n" + "".join(
        f"p{n};{n},5 mg/L;5{n % 9}%;1.{200 + n},5\n" for n in range(40)
    )
    description = describe(tmp_path, text)
    assert flags(description)["crp"] == (Flag.MIXED,)
    assert [column.kind for column in draft_of(description).mapped()] == ["number"] * 3
    assert draft_of(description).mapped()[2].read("1.234,5") == 1234.5


def test_dates_that_can_be_read_in_two_ways_or_in_none_are_flagged(tmp_path: Path) -> None:
    text = "pid,birth_date,visit_date,crp\n1,01/02/1960,03/04/2024,5\n2,03/04/1971,05/06/2024,6\n"
    description = describe(tmp_path, text)
    assert draft_of(description).date_column == "visit_date"
    assert flags(description)["visit_date"] == (Flag.AMBIGUOUS_DATE,)
    assert "more than one order" in description.mapping
    named = describe(tmp_path, "pid,day,crp\n1,5. Mai 2024,5\n2,6. Juni 2024,6\n")
    assert flags(named)["day"] == (Flag.UNREAD_DATE,)
    assert 'date_format = "?"  # complete it' in named.mapping
    assert TODAY.isoformat() not in named.mapping
    with pytest.raises(DeclarationInvalid, match="date_format: complete it"):
        draft_of(named)
    completed = named.mapping.replace('"?"', '"%d. %B %Y"')
    assert Mapping.parse(completed, "draft").date_column == "day"
    iso = describe(tmp_path, "pid,day,crp\n1,2024-01-02,5\n2,2024-01-03,6\n")
    assert "day" not in flags(iso)


def test_day_numbers_of_a_spreadsheet_are_dates(tmp_path: Path) -> None:
    text = "pid,Datum,crp\n" + "".join(f"{n},{45_000 + 3 * n},{n % 7 + 1}\n" for n in range(1, 30))
    draft = draft_of(describe(tmp_path, text))
    assert (draft.date_column, draft.date_format) == ("Datum", "excel")


def test_columns_of_one_name_are_ignored_and_flagged(tmp_path: Path) -> None:
    text = "pid,crp,crp,hb\n1,5,6,13\n2,7,8,14\n3,5,9,15\n"
    description = describe(tmp_path, text)
    assert [each.flags for each in description.columns[1:3]] == [(Flag.SAME_NAME,)] * 2
    assert [column.name for column in draft_of(description).mapped()] == ["hb"]


def test_sex_as_a_number_is_a_category_of_demographics(tmp_path: Path) -> None:
    text = "pid,sex,crp\n" + "".join(f"{n},{1 + n % 2},{n % 7 + 1}\n" for n in range(1, 30))
    documents = draft_of(describe(tmp_path, text)).documents
    assert [each.category for each in documents] == ["demographics", "laboratory"]


def test_a_table_of_one_value_a_row_with_numbers_that_may_mean_missing(tmp_path: Path) -> None:
    rows = ["pid,test,value,date"]
    rows += [f"{n % 5},CRP,{n % 7 + 1 if n % 3 else -9},2024-01-{n + 1:02}" for n in range(20)]
    columns = columns_of(tmp_path, "\n".join(rows) + "\n")
    assert columns["CRP"].read("-9") is None


def test_a_table_whose_columns_have_no_name_of_their_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableInvalid, match="no column has a name"):
        describe(tmp_path, ",,\n1,2,3\n2,3,4\n")


def test_a_table_of_too_many_columns_is_not_described(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("," * 5_000 + "\n1,2\n")
    with pytest.raises(TableInvalid, match="5,001 columns; the limit is 5,000"):
        profile_table(path)


@pytest.mark.parametrize("cells", [["17"] * 9, ["a text of twenty-six letters"]])
def test_of_wide_rows_and_long_texts_fewer_are_kept_in_memory(
    tmp_path: Path, monkeypatch, cells: list[str]
) -> None:
    monkeypatch.setattr("records.row_sample.MAX_SIZE", 120)
    names = [f"v{number}" for number in range(len(cells))]
    rows = [",".join([str(row), *cells]) for row in range(100)]
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([",".join(["id", *names]), *rows]) + "\n")
    profile = profile_table(path)
    assert profile.rows == 100 and 0 < len(profile.sample) <= 4
