"""What happens to files that a custodian sends by the form: sizes, encodings, wrong mappings."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from visitors import Visitor, described, signed_in
from workbooks import changed, workbook

from consent import DAY_S
from services.custodian.upload_store import DROPPED, MAX_BYTES, STORING
from services.custodian.uploads import MAX_MAPPING
from services.words import Words
from web.current import EXTENSION

pytestmark = pytest.mark.node
HEAD = b"id,weight\n"
MAPPING = """
[table]
id = "id"
date = "2024-01-02"

[[documents]]
name = "vitals"
category = "vital-signs"
"""
COLUMN = """
[[documents.columns]]
column = "{name}"
code = "x|{name}"
kind = "number"
unit = "kg"
minimum = 0
maximum = 100
"""
FITTING = MAPPING + COLUMN.format(name="weight")


@pytest.fixture
def keeper(hospital: Any) -> Visitor:
    return signed_in(hospital, "custodian")


def send(keeper: Visitor, body: bytes, mapping: str = FITTING, chosen: str = "own") -> Any:
    return keeper.post(
        "/custodian/deposits/new",
        file=(io.BytesIO(body), "table.csv"),
        mapping=chosen,
        **{"own-mapping": (io.BytesIO(mapping.encode()), "m.toml")},
        bad="leave",
    )


@pytest.mark.parametrize("chosen", ["", "draft", "example heart"])
def test_an_uploaded_mapping_is_used_whatever_is_chosen_in_the_list(
    hospital: Any, keeper: Visitor, chosen: str
) -> None:
    body = f"id,weight\nown-{chosen},70\n".encode()
    address = send(keeper, body, chosen=chosen).headers["Location"]
    hospital.work("check-upload")
    assert "One row read" in (page := keeper.get(address).text) or "1 row" in page, page


def test_a_mapping_that_is_too_long_is_refused_and_never_cut(keeper: Visitor) -> None:
    mapping = FITTING + "#" * MAX_MAPPING
    answer = send(keeper, HEAD + b"W-1,70\n", mapping=mapping, chosen="")
    assert answer.status_code == 422
    assert f"it has more than {MAX_MAPPING:,} bytes. Remove the parts" in answer.text
    assert 'id="own-mapping-error"' in answer.text  # beside the file, not beside the list
    assert 'id="mapping-error"' not in answer.text


def table_of(size: int) -> bytes:
    """Return a table of exactly this many bytes, in long rows: a worker will check them."""
    row = b"W-1,70" + b" " * 993 + b"\n"
    return (HEAD + row * (size // len(row) + 1))[: size - 1] + b"\n"


@pytest.mark.parametrize("size", [131_145, 1_000_000, MAX_BYTES])
def test_files_up_to_the_stated_limit_are_taken(keeper: Visitor, size: int) -> None:
    assert send(keeper, table_of(size)).status_code == 303
    limit = Words("en").number(MAX_BYTES / 10**6)
    assert f"at most {limit} MB" in keeper.get("/custodian/deposits/new").text


def test_a_file_whose_storing_was_cancelled_is_deleted_after_a_day(
    hospital: Any, keeper: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation = hospital.platform.installation
    path = send(keeper, table_of(1_000)).headers["Location"]
    hospital.work("check-upload")
    uploads, party = hospital.services.custodian.uploads, keeper.account.party
    upload = path.rpartition("/")[2]
    uploads.store(Words("en"), party, upload)
    later_s = installation.clock() + 2 * DAY_S
    monkeypatch.setattr(uploads._uploads, "_clock", lambda: later_s)
    uploads.delete_expired()
    report = uploads.get(Words("en"), party, upload)
    assert report.upload.state == STORING and report.job is not None
    hospital.platform.jobs.cancel(report.job.id)
    uploads.delete_expired()
    assert uploads.get(Words("en"), party, upload).upload.state == DROPPED


def test_a_file_above_the_limit_is_refused_with_the_limit(keeper: Visitor) -> None:
    answer = send(keeper, table_of(MAX_BYTES + 1))
    assert answer.status_code == 422
    assert "The limit is 64.0 MB." in answer.text
    answer = send(keeper, table_of(MAX_BYTES + 2**20))
    assert answer.status_code == 413
    assert "the limit of the whole form is" in answer.text
    assert "Choose a smaller file" in answer.text
    assert "check your answers" not in answer.text  # it is not they that were wrong


def test_a_line_in_another_encoding_is_named_also_beyond_the_first_piece(keeper: Visitor) -> None:
    lines = 200_000
    answer = send(keeper, HEAD + b"W-1,70\n" * lines + b"W-2,\xff\n")
    assert f"Line {lines + 2:,} of the file cannot be read" in answer.text


def test_a_mapping_that_does_not_fit_is_explained_column_by_column(
    hospital: Any, keeper: Visitor
) -> None:
    names = [f"a-measurement-of-some-length-{index}" for index in range(60)]
    mapping = MAPPING + "".join(COLUMN.format(name=name) for name in names)
    path = send(keeper, HEAD + b"W-1,70\n", mapping).headers["Location"]
    hospital.work("check-upload")
    answer = keeper.get(path)
    assert answer.status_code == 200
    assert "60 columns of the mapping are missing from the table." in answer.text
    assert "One column of the table is not in the mapping." in answer.text
    assert names[0] in answer.text
    assert "Add the column to the file, or remove it from the mapping" in answer.text
    assert keeper.get(f"{path}/report").text.count("\n") == 62


@pytest.mark.parametrize("first", ["=", "+", "-", "@"])
def test_no_name_of_a_column_is_a_formula_in_the_report(
    hospital: Any, keeper: Visitor, first: str
) -> None:
    header = f"who,weight,{first}cmd()\n".encode()
    path = send(keeper, header + b"W-1,70,1\n").headers["Location"]
    hospital.work("check-upload")
    report = keeper.get(f"{path}/report").text
    assert f',"\'{first}cmd()",' in report


@pytest.mark.parametrize("first", ["\\t", "\\r", "\\n", "a;="])
def test_no_name_in_a_mapping_is_a_formula_in_the_report(
    hospital: Any, keeper: Visitor, first: str
) -> None:
    column = COLUMN.format(name="odd").replace('column = "odd"', f'column = "{first}cmd()"')
    mapping = MAPPING + column
    path = send(keeper, HEAD + b"W-1,70\n", mapping).headers["Location"]
    hospital.work("check-upload")
    name = f"{first}cmd()".encode().decode("unicode_escape")
    cell = name if first == "a;=" else f"'{name}"
    rows = list(csv.reader(io.StringIO(keeper.get(f"{path}/report").text, newline="")))
    assert cell in [row[2] for row in rows]
    assert ";=" not in keeper.get(f"{path}/report").text.replace(f'"{cell}"', "")


def test_the_report_of_a_fhir_file_names_entries_and_elements_not_rows_and_columns(
    hospital: Any, keeper: Visitor
) -> None:
    path = keeper.post(
        "/custodian/deposits/new",
        file=(io.BytesIO(b'{"resourceType": "Bundle", "entry": [{}]}'), "b.json"),
        bad="leave",
    ).headers["Location"]
    hospital.work("check-upload")
    heads = next(csv.reader(io.StringIO(keeper.get(f"{path}/report").text)))
    assert heads[:3] == ["Entry", "Line", "Resource or element"]


def test_every_line_of_a_fhir_report_says_what_becomes_of_the_entry_and_what_to_do(
    hospital: Any, keeper: Visitor
) -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Organization", "id": "o"}},
            {"resource": {"resourceType": "Patient", "id": "p", "identifier": [{"value": "N-1"}]}},
            {"resource": {"resourceType": "Condition", "id": "c", "code": {"text": "x"}}},
            {
                "resource": {
                    "resourceType": "Condition",
                    "id": "d",
                    "subject": {"reference": "Patient/x"},
                }
            },
            {
                "resource": {
                    "resourceType": "Observation",
                    "id": "v",
                    "subject": {"reference": "Patient/p"},
                    "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
                }
            },
        ],
    }
    path = keeper.post(
        "/custodian/deposits/new",
        file=(io.BytesIO(json.dumps(bundle).encode()), "b.json"),
        bad="leave",
    ).headers["Location"]
    hospital.work("check-upload")
    lines = list(csv.reader(io.StringIO(keeper.get(f"{path}/report").text)))[1:]
    assert lines
    for line in lines:
        assert line[4], line  # what to do, if only "Nothing"
        assert not line[3].startswith("shared"), line  # what is kept is shared with nobody
    problems = {line[2].partition(".")[0]: line[3] for line in lines}
    assert problems["Organization"] == "of no patient, kept for the custodian"
    assert "its status is missing, or" in problems["Observation"]  # it has no status at all
    keeper.post(path, wish="store")
    hospital.work("store-upload")
    page = keeper.get(path).text  # of two patients, or of one who is not known
    assert "parked: filed under no patient yet" in page
    assert "until" not in page.partition('id="outcomes"')[2]


def test_a_column_with_gaps_is_not_said_to_have_a_value_in_every_row(
    hospital: Any, keeper: Visitor
) -> None:
    rows = "".join(f"G{n},{n % 7},{'x' if n % 2 else ''}\n" for n in range(30))
    address = described(hospital, keeper, f"pid,crp,note\n{rows}".encode(), "gaps.csv")
    page = keeper.get(f"{address}/columns").text
    assert "15 values, 15 missing, 1 different" in page
    assert "All its values are the same." in page
    assert "Every row" not in page


def test_a_table_that_waits_for_its_columns_is_counted_as_waiting(
    hospital: Any, keeper: Visitor
) -> None:
    def waiting() -> int:
        return hospital.services.custodian.overview.get().waiting_files

    before = waiting()
    described(hospital, keeper, b"pid,crp\nW1,2\nW2,3\n", "waits.csv")
    assert waiting() == before + 1


def test_what_a_workbook_hides_is_said_before_its_columns_are_mapped_and_after_the_check(
    hospital: Any, keeper: Visitor, tmp_path: Path
) -> None:
    rows: list[list[object]] = [["pid", "crp"], *[[f"H{n}", n] for n in range(1, 30)]]
    path = workbook(tmp_path / "t.xlsx", rows, "Labs", "Old")
    changed(path, book=('name="Old"', 'name="Old" state="hidden"'))
    hidden = '<cols><col min="2" max="2" hidden="1"/></cols><sheetData><row hidden="1"/>'
    changed(path, worksheets=("<sheetData>", hidden))
    changed(
        path,
        worksheets=(
            '<row><c t="inlineStr"><is><t>H1<',
            '<row hidden="1"><c t="inlineStr"><is><t>H1<',
        ),
    )
    sentences = [
        "rows that are hidden or filtered out in the workbook were read like the others: 1",
        "columns that are hidden in the workbook were read like the others: crp",
        "the workbook has hidden sheets that were not read: Old",
    ]
    address = described(hospital, keeper, path.read_bytes(), "t.xlsx")
    page = keeper.get(f"{address}/columns").text
    assert all(sentence in page for sentence in sentences)
    form = {"what-0": "id", "what-1": "number", "code-1": "x|crp", "unit-1": "mg/L"}
    form |= {"category-1": "laboratory", "date": "2024-01-02", "bounds": "refuse"}
    assert keeper.post(f"{address}/columns", **form, outside="refuse").status_code == 303
    hospital.work("check-upload")
    report = keeper.get(address).text
    assert all(sentence in report for sentence in sentences)


def test_the_years_that_two_digits_mean_are_set_on_the_page_of_columns(
    hospital: Any, keeper: Visitor
) -> None:
    rows = "".join(f"Y{n},{n % 28 + 1:02}.05.{n % 20:02},{n % 9 + 1}\n" for n in range(30))
    address = described(hospital, keeper, f"pid,day,crp\n{rows}".encode(), "years.csv")
    page = keeper.get(f"{address}/columns").text
    assert "Its years have two digits. Say below which years they mean." in page
    form = {"what-0": "id", "what-1": "date", "what-2": "number", "code-2": "x|crp"}
    form |= {"unit-2": "mg/L", "category-2": "laboratory", "bounds": "refuse"}
    form |= {"outside": "refuse", "date_format": "%d.%m.%y"}
    for wrong in ({}, {"first_year": "30"}, {"date_format": "%d.%m.%Y", "first_year": "1930"}):
        answer = keeper.post(f"{address}/columns", **{**form, **wrong})
        assert answer.status_code == 422
        assert "Enter a year from 1900 to 2000, such as 1930" in answer.text
    assert keeper.post(f"{address}/columns", **form, first_year="1930").status_code == 303
    hospital.work("check-upload")
    assert "30 rows" in keeper.get(address).text


def test_the_sign_between_thousands_stays_as_it_was_found_on_the_page_of_columns(
    hospital: Any, keeper: Visitor
) -> None:
    rows = "".join(f"T{n};2024-05-{n % 28 + 1:02};1.{n + 200},5\n" for n in range(30))
    address = described(hospital, keeper, f"pid;day;ferritin\n{rows}".encode(), "thousands.csv")
    form = {"what-0": "id", "what-1": "date", "what-2": "number", "code-2": "x|ferritin"}
    form |= {"unit-2": "ng/mL", "category-2": "laboratory", "bounds": "refuse"}
    form |= {"outside": "refuse", "date_format": ""}
    assert keeper.post(f"{address}/columns", **form).status_code == 303
    hospital.work("check-upload")
    report = keeper.get(address).text
    assert "30 rows" in report
    assert "not a number" not in report


TWO_ROWS = "pid,Blood,,Urine\n,crp,hb,crp\n" + "".join(
    f"R{n},{n % 9},1{n % 4},7\n" for n in range(30)
)


def test_names_in_two_rows_are_joined_on_the_page_of_columns(
    hospital: Any, keeper: Visitor
) -> None:
    address = described(hospital, keeper, TWO_ROWS.encode(), "rows.csv")
    page = keeper.get(f"{address}/columns").text
    assert "The names of the columns are in 2 rows." in page
    assert "Blood / hb" in page
    form = {"what-0": "id", "what-1": "number", "code-1": "x|crp", "unit-1": "mg/L"}
    form |= {"category-1": "laboratory", "what-2": "ignore", "what-3": "ignore"}
    form |= {"date": "2024-01-02", "bounds": "refuse", "outside": "refuse"}
    assert keeper.post(f"{address}/columns", **form).status_code == 303
    hospital.work("check-upload")
    assert "30 rows" in keeper.get(address).text


TITLED = "Export of May,\npid,crp\n" + "".join(f"T{n},{n % 9}\n" for n in range(30))


def test_lines_above_the_names_are_said_to_be_left_out(hospital: Any, keeper: Visitor) -> None:
    page = keeper.get(f"{described(hospital, keeper, TITLED.encode(), 'title.csv')}/columns").text
    assert "The first line of the file is above the names of the columns and is not read." in page


def test_the_rows_of_names_can_be_changed_on_the_page_of_columns(
    hospital: Any, keeper: Visitor
) -> None:
    address = described(hospital, keeper, TWO_ROWS.encode(), "again.csv")
    place = {"wish": "read-again", "skip": "1", "header_rows": "1"}
    assert keeper.post(f"{address}/columns", **place).headers["Location"] == address
    hospital.work("check-upload")
    page = keeper.get(f"{address}/columns").text
    assert "The names of the columns are in 2 rows." not in page
    assert "The first line of the file is above the names" in page
    assert "Blood / hb" not in page
    assert "30 rows, 4 columns" in page
    form = {"what-0": "id", "what-1": "ignore", "what-2": "number", "code-2": "x|hb"}
    form |= {"unit-2": "g/L", "category-2": "laboratory", "what-3": "ignore"}
    answer = keeper.post(f"{address}/columns", **form, date="2024-01-02")
    assert answer.status_code == 422  # the first column has no name now, nor have two columns
    assert 'id="skip" name="skip" type="text" value="1"' in answer.text


@pytest.mark.parametrize(
    ("skip", "rows", "field"), [("-1", "1", "skip"), ("0", "6", "header_rows"), ("x", "1", "skip")]
)
def test_impossible_rows_of_names_are_refused_at_their_field(
    hospital: Any, keeper: Visitor, skip: str, rows: str, field: str
) -> None:
    address = described(hospital, keeper, TWO_ROWS.encode(), "wrong.csv")
    place = {"wish": "read-again", "skip": skip, "header_rows": rows}
    answer = keeper.post(f"{address}/columns", **place)
    assert answer.status_code == 422
    assert f'href="#{field}">Enter a whole number from' in answer.text
    assert "Blood / hb" in answer.text


def test_a_table_that_cannot_be_read_with_the_chosen_names_waits_as_before(
    hospital: Any, keeper: Visitor
) -> None:
    address = described(hospital, keeper, TWO_ROWS.encode(), "far.csv")
    keeper.post(f"{address}/columns", wish="read-again", skip="900", header_rows="1")
    hospital.work("check-upload")
    page = keeper.get(f"{address}/columns").text
    assert "The table cannot be read with the rows of names that you chose." in page
    assert "Blood / hb" in page
    keeper.post(f"{address}/columns", wish="read-again", skip="0", header_rows="2")
    hospital.work("check-upload")
    page = keeper.get(f"{address}/columns").text
    assert "The table cannot be read" not in page
    assert "The names of the columns are in 2 rows." in page


def test_names_in_two_rows_that_the_mapping_does_not_state_are_one_error(
    hospital: Any, keeper: Visitor
) -> None:
    names = ("Blood / crp", "Blood / hb", "Urine / crp")
    mapping = MAPPING.replace('id = "id"', 'id = "pid"')
    mapping += "".join(
        COLUMN.format(name=name).replace(f"x|{name}", f"x|{n}") for n, name in enumerate(names)
    )
    address = send(keeper, TWO_ROWS.encode(), mapping).headers["Location"]
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert "the names of the columns are in 2 rows, from line 1 on" in page
    assert "Set header_rows in the mapping" in page
    assert "columns of the mapping are missing" not in page


@pytest.fixture
def full(hospital: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no room for another file."""
    for module in ("upload_store", "uploads"):
        monkeypatch.setattr(f"services.custodian.{module}.MAX_WAITING_BYTES", 0)


@pytest.mark.usefixtures("full")
def test_page_api_and_fhir_say_alike_that_files_which_wait_leave_no_room(
    hospital: Any, keeper: Visitor
) -> None:
    page, client = send(keeper, table_of(1_000)), hospital.client("custodian")
    file = {"name": "t.csv", "file": base64.b64encode(HEAD).decode(), "mapping": "draft"}
    api = client.post("/custodian/uploads", file | {"on_bad": "leave"})
    headers = {"Authorization": f"Bearer {client.secret}", "Content-Type": "application/fhir+json"}
    fhir = client.http.post("/fhir/$import", data=b'{"resourceType":"Bundle"}', headers=headers)
    for answer in (page, api, fhir):
        assert answer.status_code == 413
        assert "they would exceed the limit of 0.0 MB" in answer.text
        assert "Store or discard some of them" in answer.text
    assert "file" in api.get_json()["errors"]


def test_a_file_whose_storing_did_not_finish_is_discarded_by_page_and_fhir(
    hospital: Any, keeper: Visitor
) -> None:
    uploads, party = hospital.services.custodian.uploads, keeper.account.party
    path = send(keeper, table_of(1_001)).headers["Location"]
    hospital.work("check-upload")
    upload = path.rpartition("/")[2]
    job = uploads.store(Words("en"), party, upload).job
    assert keeper.post(path, wish="nothing").status_code == 303
    assert uploads.get(Words("en"), party, upload).upload.state == STORING  # a worker will
    hospital.platform.jobs.cancel(job.id)
    assert "Discard file" in keeper.get(path).text
    keeper.post(path, wish="nothing")
    assert uploads.get(Words("en"), party, upload).upload.state == DROPPED
    client = hospital.client("custodian")
    headers = {"Authorization": f"Bearer {client.secret}", "Content-Type": "application/fhir+json"}
    body = b'{"resourceType":"Bundle","type":"batch","entry":[]}'
    sent = client.http.post("/fhir/$import", data=body, headers=headers)
    where = sent.headers["Content-Location"].partition("/fhir")[2]
    client.http.delete(f"/fhir{where}", headers=headers)
    cancelled = uploads.get(Words("en"), party, where.rpartition("/")[2])
    assert cancelled.upload.state == DROPPED


def test_where_nothing_can_be_stored_the_page_leads_to_another_file(
    hospital: Any, keeper: Visitor
) -> None:
    address = send(keeper, b"id,weight\nx,999\n").headers["Location"]
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert "no row is good" in page
    assert "Choose another file" in page
    file = (io.BytesIO(b'{"resourceType":"Bundle","type":"collection"}'), "empty.json")
    address = keeper.post("/custodian/deposits/new", file=file, bad="leave").headers["Location"]
    hospital.work("check-upload")
    page = keeper.get(address).text
    assert "no entry can be stored" in page
    assert "no row is good" not in page
    assert "Choose another file" in page
    assert "What becomes of the entries" not in page  # a table without a row


def test_a_table_of_one_row_is_counted_in_the_singular(hospital: Any, keeper: Visitor) -> None:
    address = described(hospital, keeper, b"id,weight\n1,70\n", "one.csv")
    assert "One row, 2 columns." in keeper.get(f"{address}/columns").text


def test_the_page_names_the_watched_folder(
    hospital: Any, keeper: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform = hospital.platform
    installation = replace(platform.installation, inbox=tmp_path / "left here")
    changed_services = replace(platform, installation=installation)
    monkeypatch.setitem(hospital.app.extensions, EXTENSION, changed_services)
    assert (
        f"when they are put in {tmp_path}/left here." in keeper.get("/custodian/deposits/new").text
    )


@pytest.mark.parametrize("name", ["a\0b\u202e\u2066\tc.csv", "../up/abc.csv", "/abc.csv"])
def test_a_name_of_a_file_has_neither_folders_nor_hidden_characters(
    hospital: Any, keeper: Visitor, name: str
) -> None:
    page = keeper.get(described(hospital, keeper, b"id,weight\n1,70\n2,80\n", name)).text
    assert "abc.csv" in page and ".." not in page and "\u202e" not in page
