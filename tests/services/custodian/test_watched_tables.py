"""Tables of a watched folder are stored whole by the one saved mapping that fits, or refused."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from memory_store import NOW_S, Custodian

from services.custodian.watched_folder import SETTLED_S, WatchedFolder
from services.custodian.watched_tables import WatchedTables
from storage import StoreUnavailable

MAPPING = """[table]
id = "patient"
date = "2024-03-05"
SEPARATOR
[[documents]]
name = "laboratory"
category = "laboratory"
  [[documents.columns]]
  column = "glucose"
  code = "http://loinc.org|2345-7"
  kind = "number"
  unit = "mg/dL"
  minimum = 10
  maximum = 900
"""
TABLE = b"patient,glucose\nV-1,101\nV-2,95.5\n"
SECRET = "Rosamund"


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


@pytest.fixture
def watched(custodian: Custodian, tmp_path: Path) -> WatchedFolder:
    save("glucose")
    return WatchedFolder(
        folder=tmp_path / "inbox",
        home=tmp_path,
        intake=custodian.intake,
        tables=WatchedTables(records=custodian.records, installation=custodian.installation),
        clock=lambda: custodian.now_s,
    )


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def save(name: str, text: str = MAPPING, separator: str = "") -> None:
    """Save a mapping in the home of the installation, as the page does."""
    Path("mappings").mkdir(exist_ok=True)
    file = f'separator = "{separator}"\n' if separator else ""
    Path(f"mappings/{name}.toml").write_text(text.replace("SEPARATOR", file))


def leave(name: str, body: bytes) -> None:
    path = Path("inbox") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (NOW_S - 2 * SETTLED_S, NOW_S - 2 * SETTLED_S))


def report_of(path: Path) -> dict[str, Any]:
    report: dict[str, Any] = orjson.loads(path.with_name(path.name + ".report.json").read_bytes())
    return report


def workbook(*rows: tuple[str, ...]) -> bytes:
    """Return the least Excel file with these rows as texts."""
    cells = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in row) + "</row>"
        for row in rows
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    files = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{links}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData>'
        "</worksheet>",
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return written.getvalue()


def test_a_table_whose_header_fits_a_saved_mapping_is_stored_once_with_a_report(
    custodian: Custodian, watched: WatchedFolder
) -> None:
    leave("lab.csv", TABLE)
    [done] = watched.take()
    assert done.parent.name == "done" and done.read_bytes() == TABLE
    report = report_of(done)
    assert (report["outcome"], report["mapping"], report["rows"]) == ("stored", "glucose", 2)
    assert (report["records"], report["new"]) == (2, 2)
    assert len(custodian.stored()) == 2
    leave("lab.csv", TABLE)
    [again] = watched.take()
    assert again.name == "2-lab.csv" and report_of(again)["new"] == 0
    assert len(custodian.stored()) == 2


def test_a_tab_separated_table_and_a_workbook_are_read_too(
    custodian: Custodian, watched: WatchedFolder
) -> None:
    save("tabs", separator="\\t")
    leave("a.tsv", TABLE.replace(b",", b"\t"))
    leave("b.XLSX", workbook(("patient", "glucose"), ("V-3", "88")))
    Path("mappings/tabs.toml").rename("tabs.toml")
    taken = {path.name: path.parent.name for path in watched.take()}
    assert taken == {"a.tsv": "refused", "b.XLSX": "done"}
    Path("tabs.toml").rename("mappings/tabs.toml")
    leave("a.tsv", TABLE.replace(b",", b"\t"))
    assert [path.parent.name for path in watched.take()] == ["done"]
    assert len(custodian.stored()) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"patient,cholesterol\nV-1,5\n", "no-mapping"),
        (b"patient,glucose,name\nV-1,5,Rosamund\n", "no-mapping"),
        (b"patient\nV-1\n", "no-mapping"),
        (b"patient,glucose\nV-1,Rosamund\nV-2,95\n", "bad-rows"),
        (b"patient,glucose\n", "no-rows"),
        (b"", "no-table"),
        (b'{"resourceType": "Patient"}', "no-table"),
        (b"%PDF-1.7 Rosamund", "no-table"),
        (b'patient,glucose\nV-1,"9\nV-2,5\n', "unreadable"),
    ],
)
def test_a_table_that_does_not_fit_or_has_a_bad_row_is_refused_whole_with_the_reason(
    custodian: Custodian, watched: WatchedFolder, body: bytes, code: str
) -> None:
    leave("lab.csv", body)
    [refused] = watched.take()
    assert refused == Path.cwd() / "inbox" / "refused" / "lab.csv"
    report = report_of(refused)
    assert (report["outcome"], report["code"]) == ("refused", code)
    assert report["problem"] and report["remedy"]
    assert SECRET not in str(report)
    assert custodian.stored() == []


def test_of_two_saved_mappings_that_fit_none_is_guessed(
    custodian: Custodian, watched: WatchedFolder
) -> None:
    save("other", MAPPING.replace("2345-7", "2339-0"))
    save("elsewhere", MAPPING.replace("[table]", '[table]\ncustodian = "organisation:x"'))
    save("broken", "[table")
    leave("lab.csv", TABLE)
    [refused] = watched.take()
    report = report_of(refused)
    assert (report["code"], report["mappings"]) == ("several-mappings", ["glucose", "other"])
    assert custodian.stored() == []


def test_a_table_waits_while_the_record_store_is_unavailable_and_is_stored_once_after_a_crash(
    custodian: Custodian, watched: WatchedFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: object) -> None:
        raise StoreUnavailable("the IPFS node is down")

    leave("lab.csv", TABLE)
    with monkeypatch.context() as down:
        down.setattr(type(custodian.records), "deposit_rows", unavailable)
        assert [path.parent.name for path in watched.take()] == ["working"]
    with monkeypatch.context() as killed:
        killed.setattr(WatchedFolder, "_file_away", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            watched.take()
    [done] = watched.take()
    assert report_of(done)["new"] == 0
    assert len(custodian.stored()) == 2


def test_no_link_leads_the_worker_to_a_table_elsewhere(
    custodian: Custodian, watched: WatchedFolder
) -> None:
    Path("elsewhere.csv").write_bytes(TABLE)
    for place in ("inbox", "inbox/working"):
        Path(place).mkdir(exist_ok=True)
        (Path(place) / "lab.csv").symlink_to(Path("elsewhere.csv").resolve())
    assert watched.take() == []
    assert Path("elsewhere.csv").read_bytes() == TABLE
    assert custodian.stored() == []
