"""A script learns from the exit code whether everything of a delivery is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from memory_store import MEDICATION, MEDICATION_REQUEST, OBSERVATION, PATIENT, Custodian, bundle

from cli import make_cli


@pytest.fixture
def custodian(tmp_path: Path) -> Custodian:
    return Custodian(tmp_path)


def deposit(custodian: Custodian, body: bytes, *options: str) -> Result:
    @contextmanager
    def opener(settings: None = None, report: Any = None) -> Iterator[Any]:
        yield SimpleNamespace(custodian=SimpleNamespace(intake=custodian.intake))

    path = custodian.home / "delivery.json"
    path.write_bytes(body)
    return CliRunner().invoke(make_cli(opener), ["deposit", str(path), *options])


ANSWERS = {
    "resourceType": "Bundle",
    "type": "transaction-response",
    "entry": [{"response": {"status": "201", "outcome": {"resourceType": "OperationOutcome"}}}],
}
WAITING = OBSERVATION | {"id": "o2", "subject": {"reference": "Patient/other"}}
MESSAGE = {"resource": {"resourceType": "OperationOutcome"}, "search": {"mode": "outcome"}}


@pytest.mark.parametrize(
    ("entry", "code"),
    [(OBSERVATION, 0), (MESSAGE, 0), (ANSWERS, 0), (WAITING, 3), ({}, 3), ({"resource": 1}, 3)],
    ids=["stored", "message", "answers", "parked", "refused", "malformed"],
)
def test_what_is_refused_or_parked_ends_a_deposit_with_exit_code_3(
    custodian: Custodian, entry: dict[str, Any], code: int
) -> None:
    body = bundle(PATIENT, entry)
    assert deposit(custodian, body, "--dry-run").exit_code == code
    result = deposit(custodian, body)
    assert (result.exit_code, "1 stored" in result.stdout or code == 0) == (code, True)
    assert deposit(custodian, body).exit_code == code  # repeated, it says the same


def test_the_report_counts_answers_apart_and_says_where_they_are(custodian: Custodian) -> None:
    result = deposit(custodian, bundle(PATIENT, ANSWERS))
    assert "2 entries: 1 stored, 1 response-only." in result.stdout
    assert "delivery.json, entry 2 (entry[2].resource.entry[1]): response-only: " in result.stdout
    listed = deposit(custodian, bundle(PATIENT, ANSWERS), "--json").stdout
    assert '"place": "entry[2].resource.entry[1]"' in listed


def test_what_belongs_to_no_patient_is_said_to_be_kept_for_the_custodian(
    custodian: Custodian,
) -> None:
    device = {"resourceType": "Observation", "subject": {"reference": "Device/pump"}}
    result = deposit(custodian, bundle(PATIENT, {"resourceType": "Organization"}, device))
    assert "3 entries: 1 stored, 2 kept for the custodian alone." in result.stdout
    assert "entry 2: Organization kept for the custodian alone." in result.stdout
    assert "entry 3: Observation kept for the custodian alone: the subject is not" in result.stdout
    assert "shared" not in result.stdout
    assert '"shared": 1' in deposit(custodian, bundle(device), "--json").stdout


def test_an_empty_bundle_has_a_line_that_says_so(custodian: Custodian) -> None:
    result = deposit(custodian, bundle())
    assert "delivery.json: note: the file or Bundle has no entry. Nothing, if" in result.stdout
    assert result.exit_code == 0


def test_the_report_says_what_a_changed_medicine_did(custodian: Custodian) -> None:
    dated = MEDICATION | {"meta": {"lastUpdated": "2024-01-01T00:00:00Z"}}
    deposit(custodian, bundle(PATIENT, MEDICATION_REQUEST, dated))
    newer = {"meta": {"lastUpdated": "2024-01-02T00:00:00Z"}, "code": {"text": "other"}}
    changed = deposit(custodian, bundle(dated | newer))
    assert "1 stored entry has the new version of their medicine" in changed.stdout
    wrong = newer | {"meta": {"lastUpdated": "2024-01-03T00:00:00Z"}, "status": "entered-in-error"}
    lost = deposit(custodian, bundle(dated | wrong), "--json")
    assert '"lost_medicines": 1' in lost.stdout
    assert lost.exit_code == 0


def test_the_help_of_a_deposit_names_its_exit_codes(custodian: Custodian) -> None:
    assert "3 the rest is stored" in deposit(custodian, b"", "--help").stdout
