"""The report of an uploaded FHIR file: each outcome has a word, and answers are not counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from memory_store import NOW_S, PATIENT, Custodian, bundle

from records.outcomes import COUNTED
from services.custodian.fhir_uploads import check_fhir
from services.custodian.file_kinds import FHIR
from services.custodian.upload_problems import list_problems
from services.custodian.upload_store import Sent, Upload
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
