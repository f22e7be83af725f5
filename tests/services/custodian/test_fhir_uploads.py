"""The report of an uploaded FHIR file: each outcome has a word, and answers are not counted."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from memory_store import NOW_S, OBSERVATION, PATIENT, Custodian, bundle, send

from records import fhir_file
from records.errors import FhirInvalid
from records.outcomes import COUNTED, EntryCode, EntryOutcome, Outcome
from services.custodian import fhir_files, fhir_uploads
from services.custodian.fhir_uploads import (
    REMARKABLE,
    _counts,
    check_fhir,
    read_outcomes,
    to_ndjson,
)
from services.custodian.file_kinds import FHIR
from services.custodian.intake import IntakeReport
from services.custodian.upload_problems import list_problems
from services.custodian.upload_store import ENTRIES, Sent, Upload
from services.words import Words


def test_each_outcome_of_a_report_has_a_word() -> None:
    words = Words("en")
    assert all(words.has(f"deposit-outcome-{outcome}") for outcome in COUNTED)


@pytest.fixture
def upload() -> Upload:
    sent = Sent("organisation:here", "c", "a.json", FHIR, "", "")
    return Upload("u", sent, 1, "checked", "", NOW_S, None, {})


def test_answers_in_an_upload_are_neither_good_nor_wrong_and_are_located(
    tmp_path: Path, upload: Upload
) -> None:
    answers = orjson.loads(bundle({"response": {"status": "201"}}, kind="batch-response"))
    body = bundle(PATIENT, answers)
    report = check_fhir(Custodian(tmp_path).intake, upload, body, lambda *_: None)
    assert (report["rows"], report["good"], report["wrong"]) == (2, 1, 0)
    (problem,) = list_problems(Words("en"), replace(upload, report=report))
    assert (problem.row, problem.column) == (2, "entry[2].resource.entry[1]")
    assert problem.problem.startswith("response-only: the entry is only the answer")


def test_a_small_file_of_very_many_entries_takes_little_memory_to_report_and_to_read_again(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = 40_000
    same = [EntryOutcome(number, Outcome.SAME, "Observation") for number in range(1, entries)]
    refused = EntryOutcome(entries, Outcome.REFUSED, code=EntryCode.NOT_A_RESOURCE)
    tracemalloc.start()
    report = _counts(IntakeReport(files=[("a.json", [*same, refused])]))
    checked = replace(upload, report=report)
    assert sum(1 for _ in to_ndjson(read_outcomes(report[ENTRIES]))) == entries
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 20 * entries  # a line of an outcome has 300
    assert list(read_outcomes(report[ENTRIES])) == [*same, refused]
    # What a page shows was found when the file was checked: a look reads none of the entries.
    monkeypatch.setattr(fhir_uploads, "read_outcomes", None)
    (problem,) = list_problems(Words("en"), checked)
    assert problem.row == entries


def test_the_problems_of_a_file_that_an_earlier_release_checked_are_listed(
    upload: Upload, tmp_path: Path
) -> None:
    report = check_fhir(Custodian(tmp_path).intake, upload, b"[0,0]", lambda *_: None)
    earlier = {name: value for name, value in report.items() if name != REMARKABLE}
    listed = [
        list_problems(Words("en"), replace(upload, report=each)) for each in (report, earlier)
    ]
    assert listed[0] == listed[1]
    assert len(listed[0]) == 2


def test_a_file_with_too_many_entries_stores_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fhir_file, "MAX_ENTRIES", 6_000)
    monkeypatch.setattr(fhir_files, "CHUNK_ENTRIES", 10)
    many = b'{"resourceType":"Bundle","type":"batch","entry":[' + b"0," * 6_000 + b"0]}\n"
    lines = b"".join(orjson.dumps(each) + b"\n" for each in (PATIENT, OBSERVATION)) + many
    custodian = Custodian(tmp_path)
    with pytest.raises(FhirInvalid, match="more than 6,000 entries"):
        send(custodian, lines)
    assert custodian.stored() == []
