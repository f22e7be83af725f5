"""The draft of a table says what the table says, in each way that hospitals write one."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from records import DeclarationInvalid, TableEmpty, TableInvalid, check_table, read_table
from records.description import TableDescription, describe_table
from records.faults import CellFaultCode
from records.flags import Flag
from records.mapping import Mapping

TODAY = datetime.date(2024, 6, 1)
ROWS = range(1, 41)


def describe(folder: Path, text: str) -> TableDescription:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    return describe_table(path, "t.csv", TODAY)


def draft_of(description: TableDescription) -> Mapping:
    return Mapping.parse(description.mapping, "draft")


def flags(description: TableDescription, name: str) -> tuple[Flag, ...]:
    return next(each.flags for each in description.columns if each.draft.name == name)


def test_a_date_that_is_the_same_in_every_row_is_the_day_and_never_today(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,date,crp\n{rows}")
    assert draft_of(description).date_column == "date"
    assert TODAY.isoformat() not in description.mapping


def test_of_two_dates_the_one_that_varies_is_the_day(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2024-01-01,2023-05-{n % 28 + 1:02},{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,export_date,visit_date,crp\n{rows}")
    assert draft_of(description).date_column == "visit_date"


@pytest.mark.parametrize("mark", ["'", "\u2019", "\u00a0", "\u202f", " "])
def test_groups_of_digits_are_numbers_whatever_stands_between_them(
    tmp_path: Path, mark: str
) -> None:
    several = [(n, n % 9) for n in ROWS]  # numbers that all differ would be those of people
    rows = "".join(f"p{n},2023-05-01,{k * 7 + 101}{mark}{k * 13:03}\n" for n, k in several)
    (column,) = draft_of(describe(tmp_path, f"pid,date,kosten\n{rows}")).mapped()
    assert column.kind == "number"
    assert column.read(f"101{mark}013") == 101_013


def test_lines_above_the_header_of_a_csv_are_skipped_however_wide_they_are(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-{n % 28 + 1:02},{n % 9 + 1},{n % 5}\n" for n in ROWS)
    description = describe(tmp_path, f"Labor,,,\nStand 2023-05-01,,,\npid,date,crp,x\n{rows}")
    assert draft_of(description).file.skip == 2


def test_a_header_with_an_unnamed_column_is_no_title(tmp_path: Path) -> None:
    rows = "".join(f"{n},p{n},2023-05-{n % 28 + 1:02},{n % 9 + 1}\n" for n in ROWS)
    assert draft_of(describe(tmp_path, f",pid,date,crp\n{rows}")).file.skip == 0


def test_lines_of_totals_do_not_widen_a_range(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-{n % 28 + 1:02},{12 + n % 5}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,date,hb\n{rows}Summe,,560\nMittelwert,,14\n")
    (hb,) = draft_of(description).mapped()
    assert (hb.minimum, hb.maximum) == (2, 25)
    assert description.rows == len(ROWS)


def test_a_range_includes_the_bounds_that_occur(tmp_path: Path) -> None:
    cells = ("<0.014", "> 100", "0.05", "0.2")
    rows = "".join(f"p{n},2023-05-{n % 28 + 1:02},{cells[n % 4]}\n" for n in ROWS)
    (column,) = draft_of(describe(tmp_path, f"pid,date,troponin\n{rows}")).mapped()
    assert column.minimum <= 0.014 < 100 <= column.maximum


def test_days_of_eight_digits_are_dates(tmp_path: Path) -> None:
    rows = "".join(f"p{n},202305{n % 28 + 1:02},{n % 9 + 1}\n" for n in ROWS)
    draft = draft_of(describe(tmp_path, f"pid,date,crp\n{rows}"))
    assert (draft.date_column, draft.date_format) == ("date", "%Y%m%d")


def test_seconds_since_1970_wait_for_their_form(tmp_path: Path) -> None:
    rows = "".join(f"p{n},{1_680_000_000 + n * 90_001},{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,timestamp,crp\n{rows}")
    assert flags(description, "timestamp") == (Flag.UNREAD_DATE,)
    assert TODAY.isoformat() not in description.mapping


def test_a_column_with_errors_of_formulas_is_flagged(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{'#DIV/0!' if n == 3 else n % 9 + 1}\n" for n in ROWS)
    assert flags(describe(tmp_path, f"pid,date,crp\n{rows}"), "crp") == (Flag.ERRORS,)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    with pytest.raises(TableEmpty, match="the file is empty"):
        describe(tmp_path, "")
    with pytest.raises(TableEmpty, match="no row below"):
        describe(tmp_path, "pid,crp\n")


def test_plus_and_minus_are_yes_and_no_and_minus_is_not_missing(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{'+-'[n % 2]},{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,date,ckd,crp\n{rows}")
    column = next(each for each in draft_of(description).mapped() if each.name == "ckd")
    assert (column.read("+"), column.read("-"), column.read("")) == (True, False, None)
    assert flags(description, "ckd") == ()


@pytest.mark.parametrize(
    ("form", "date_format"),
    [
        ("{d:02}.05.24", "%d.%m.%y"),
        ("05/{d:02}/24", "%m/%d/%y"),
        ("{d:02}-May-24", "%d-%b-%y"),
        ("{d:02}.05.24 08:30", "%d.%m.%y %H:%M"),
    ],
)
def test_the_years_that_two_digits_mean_are_asked_and_never_guessed(
    tmp_path: Path, form: str, date_format: str
) -> None:
    rows = "".join(f"p{n},{form.format(d=n % 28 + 1)},{n % 9 + 1}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,day,crp\n{rows}")
    assert Flag.TWO_DIGIT_YEAR in flags(description, "day")
    question = "two_digit_years_from = 0  # complete it: which years do two digits mean?"
    assert question in description.mapping
    with pytest.raises(DeclarationInvalid, match="two_digit_years_from: complete it"):
        draft_of(description)
    completed = description.mapping.replace("years_from = 0", "years_from = 1930")
    mapping = Mapping.parse(completed, "draft")
    assert (mapping.date_column, mapping.date_format) == ("day", date_format)
    report = check_table(tmp_path / "t.csv", mapping, today=TODAY)
    assert (report.rows, report.good) == (40, 40)
    parsed = {row.recorded_on[:7] for row in read_table(tmp_path / "t.csv", mapping)}
    assert parsed == {"2024-05"}


def test_years_of_two_digits_that_fit_several_orders_are_flagged(tmp_path: Path) -> None:
    rows = "".join(f"p{n},{n % 12 + 1:02}-{n % 5 + 1:02}-{n % 9 + 1:02},1{n % 7}\n" for n in ROWS)
    assert Flag.AMBIGUOUS_DATE in flags(describe(tmp_path, f"pid,day,crp\n{rows}"), "day")


@pytest.mark.parametrize(
    "header",
    ["PatID", "Patienten-Nr", "PATIENT_NUM", "person_id", "USUBJID", "record_id", "subject key"],
)
def test_the_id_of_a_person_is_found_beside_rows_stays_and_days(
    tmp_path: Path, header: str
) -> None:
    rows = "".join(
        f"2023-05-{n % 28 + 1:02} 08:{n:02},{n + 500},{n % 13},{n % 9 + 1}\n" for n in ROWS
    )
    description = describe(tmp_path, f"taken,encounter_num,{header},crp\n{rows}")
    layout = draft_of(description)
    assert (layout.id_column, layout.date_column) == (header, "taken")
    assert description.draft.has_visits


@pytest.mark.parametrize(
    ("header", "code", "value", "unit"),
    [
        ("PatID,Analyt,Ergebnis,Einheit,Entnahme", "Analyt", "Ergebnis", "Einheit"),
        (
            "PATIENT_NUM,CONCEPT_CD,NVAL_NUM,UNITS_CD,START_DATE",
            "CONCEPT_CD",
            "NVAL_NUM",
            "UNITS_CD",
        ),
        (
            "person_id,measurement_source_value,value_as_number,unit_source_value,measurement_date",
            "measurement_source_value",
            "value_as_number",
            "unit_source_value",
        ),
    ],
    ids=["german", "i2b2", "omop"],
)
def test_a_table_of_one_value_a_row_is_noticed_as_registers_write_it(
    tmp_path: Path, header: str, code: str, value: str, unit: str
) -> None:
    rows = "".join(
        f"{n % 13},{('crp', 'hb')[n % 2]},{n % 9 + 3},mg/L,2023-05-{n % 28 + 1:02}\n" for n in ROWS
    )
    description = describe(tmp_path, f"{header}\n{rows}")
    assert description.draft.long == {
        "code_column": code,
        "value_column": value,
        "unit_column": unit,
    }
    assert draft_of(description).date_column == header.rpartition(",")[2]


@pytest.mark.parametrize(
    ("yes", "no"),
    [("oui", "non"), ("WAHR", "FALSCH"), ("vero", "falso"), ("ja", "nee"), ("VERDADERO", "FALSO")],
)
def test_yes_and_no_of_other_languages_are_booleans(tmp_path: Path, yes: str, no: str) -> None:
    rows = "".join(f"p{n},2023-05-01,{yes if n % 3 else no}\n" for n in ROWS)
    (column,) = draft_of(describe(tmp_path, f"pid,date,smoker\n{rows}")).mapped()
    assert (column.kind, column.read(yes), column.read(no)) == ("boolean", True, False)


def test_a_column_of_one_value_says_whether_every_row_has_it(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{n % 9},b,{'x' if n % 2 else ''}\n" for n in ROWS)
    mapping = describe(tmp_path, f"pid,date,crp,arm,checked\n{rows}").mapping
    assert "# arm: the same value in every row" in mapping
    assert "# checked: one value, and empty cells" in mapping


def test_units_and_loinc_codes_in_the_cells_of_a_table_of_one_value_a_row_are_drafted(
    tmp_path: Path,
) -> None:
    kinds = [("8480-6", "mmHg", 120), ("LOINC:2345-7", "mg/dL", 90), ("own", "Stk", 3)]
    rows = "".join(
        f"{n % 13},{code},{value + n},{unit},2023-05-{n % 28 + 1:02}\n"
        for n in ROWS
        for code, unit, value in kinds
    )
    description = describe(tmp_path, f"person_id,code,value,unit,date\n{rows}")
    columns = {column.name: column for column in draft_of(description).mapped()}
    pressure = columns["8480-6"]
    assert (pressure.code, pressure.unit) == ("http://loinc.org|8480-6", "mm[Hg]")
    assert pressure.read_unit("mmHg") == "mm[Hg]"
    assert columns["LOINC:2345-7"].code == "http://loinc.org|2345-7"
    assert columns["own"].code == "t|own"
    report = check_table(tmp_path / "t.csv", draft_of(description), today=TODAY)
    assert {fault.code for fault in report.faults} == {CellFaultCode.UNIT_DIFFERS}
    assert report.wrong == len(ROWS)


@pytest.mark.parametrize(
    ("separator", "decimal", "is_flagged"), [(";", ",", True), (";", ".", True), (",", ".", False)]
)
def test_numbers_that_may_have_decimals_or_thousands_are_flagged(
    tmp_path: Path, separator: str, decimal: str, is_flagged: bool
) -> None:
    rows = [["pid", "date", "plt", "crp"]]
    rows += [
        [f"p{n}", "2023-05-01", f"{n}{decimal}{n * 7 + 100}", f"0{decimal}{n + 100}"] for n in ROWS
    ]
    text = "".join(separator.join(row) + "\n" for row in rows)
    description = describe(tmp_path, text)
    assert (Flag.THOUSANDS in flags(description, "plt")) is is_flagged
    assert ("check decimal and thousands" in description.mapping) is is_flagged
    assert Flag.THOUSANDS not in flags(description, "crp")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("insurance", lambda n: str(300_000 + n * 37)),
        ("rufname", lambda n: ("Ana", "Ben", "Eva")[n % 3]),
        ("Familienname", lambda n: ("Roth", "Kaya", "Sol")[n % 3]),
        ("cognome", lambda n: ("Rossi", "Bianchi")[n % 2]),
        ("prenom", lambda n: ("Luc", "Anne")[n % 2]),
        ("zip", lambda n: str(100 + n % 30)),
        ("case_ref", lambda n: f"K{n * 7919}"),
    ],
)
def test_a_draft_leaves_out_and_flags_what_identifies_people_so_that_its_check_passes(
    tmp_path: Path, name: str, cell: Callable[[int], str]
) -> None:
    rows = "".join(f"p{n},2023-05-01,{n % 9 + 1},{cell(n)}\n" for n in ROWS)
    description = describe(tmp_path, f"pid,date,crp,{name}\n{rows}")
    assert [column.name for column in draft_of(description).mapped()] == ["crp"]
    assert {Flag.IDENTIFIER, Flag.FREE_TEXT} & set(flags(description, name))
    report = check_table(tmp_path / "t.csv", draft_of(description), today=TODAY)
    assert (report.good, report.wrong) == (len(ROWS), 0)


def test_numbers_that_all_differ_are_kept_where_they_are_measured(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{n * 37 + 1000},{n * 37 + 1000}.5\n" for n in ROWS)
    description = describe(tmp_path, f"pid,date,thrombo (10*9/L),volume\n{rows}")
    assert [column.name for column in draft_of(description).mapped()] == [
        "thrombo (10*9/L)",
        "volume",
    ]


def test_a_label_is_not_flagged_as_known_later_and_other_columns_are(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{n % 9 + 1},{n % 2},{n % 3 // 2}\n" for n in ROWS)
    (tmp_path / "t.csv").write_text(f"pid,date,crp,outcome,died\n{rows}")
    description = describe_table(tmp_path / "t.csv", "t.csv", TODAY, "outcome")
    assert flags(description, "outcome") == ()
    assert Flag.FUTURE in flags(description, "died")


@pytest.mark.parametrize("mixed", [1, 4, 15, 39, 40])
def test_values_in_another_unit_are_flagged_and_many_are_refused(
    tmp_path: Path, mixed: int
) -> None:
    """Of 40 values of glucose in mg/dL, some are in mmol/L."""
    cells = [f"{5 + n / 10:.1f}" if n <= mixed else str(80 + n) for n in ROWS]
    rows = "".join(f"p{n},2023-05-01,{cell}\n" for n, cell in zip(ROWS, cells, strict=True))
    description = describe(tmp_path, f"pid,date,glucose\n{rows}")
    assert Flag.UNIT in flags(description, "glucose")
    report = check_table(tmp_path / "t.csv", draft_of(description), today=TODAY)
    assert report.wrong == mixed


def test_values_in_the_usual_range_are_not_flagged_for_their_unit(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{80 + n * 7 % 41}\n" for n in ROWS)
    assert flags(describe(tmp_path, f"pid,date,glucose\n{rows}"), "glucose") == ()


def test_a_long_column_with_a_unit_in_each_cell_is_a_number_in_that_unit(tmp_path: Path) -> None:
    rows = "".join(f"p{n},2023-05-01,{60 + n * 7 % 301} mg/dL\n" for n in range(1_000))
    draft = draft_of(describe(tmp_path, f"pid,date,glucose\n{rows}"))
    (column,) = draft.mapped()
    assert (column.kind, column.unit) == ("number", "mg/dL")
    assert check_table(tmp_path / "t.csv", draft, today=TODAY).good == 1_000


QUOTED = 'pid,day,crp\nV-1,2024-01-02,"18,1"\nV-2,2024-01-03,"1,234"\nV-3,2024-01-04,7\n'


def test_a_decimal_comma_in_quotes_is_read_between_commas(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(QUOTED)
    mapping = Mapping.parse(describe_table(path, "t.csv", TODAY).mapping, "m.toml")
    assert (mapping.file.separator, mapping.file.decimal) == (",", ",")
    values = [row.documents[0][1] for row in read_table(path, mapping, False, TODAY)]
    assert [value for each in values for value, _ in each.values()] == [18.1, 1.234, 7]
    path.write_text(QUOTED.replace('"', ""))  # the comma without quotes divides the number
    report = check_table(path, mapping, today=TODAY)
    assert [fault.code.value for fault in report.faults] == ["cell-count", "cell-count"]


def test_thousands_in_quotes_are_not_taken_for_decimals(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(QUOTED.replace("18,1", "18,100"))
    assert "decimal" not in describe_table(path, "t.csv", TODAY).mapping
    assert "not numbers alone" in describe_table(path, "t.csv", TODAY).mapping


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_names_of_rows_as_r_writes_them_shift_no_column(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "t.csv"
    rows = ['"pid","day","crp"', *(f'"{n}","V-{n}","2024-01-0{n}",18.{n}' for n in range(1, 9))]
    path.write_text("\n".join(rows).replace(",", separator))
    with pytest.raises(TableInvalid, match="one cell more than the header.* row.names = FALSE"):
        describe_table(path, "t.csv", TODAY)


@pytest.mark.parametrize("names", ["pid day crp", '"pid" "day" "crp"'])
def test_a_table_separated_by_blanks_is_refused_with_what_to_do(tmp_path: Path, names: str) -> None:
    path = tmp_path / "t.txt"
    path.write_text(f'{names}\n"1" "V-1" 2024-01-02 18.1\n')
    with pytest.raises(TableInvalid, match=r"Separate the cells by .* write.csv with"):
        describe_table(path, "t.txt", TODAY)


def test_a_column_without_a_name_is_not_called_constant(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(',pid,day,crp\n1,"V-1",2024-01-02,18.1\n2,"V-2",2024-01-03,7.5\n')
    mapping = describe_table(path, "t.csv", TODAY).mapping
    assert "# (no name): it has no name: to map it, give it one in the file" in mapping
