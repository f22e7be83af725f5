from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

pytestmark = pytest.mark.node


def test_a_request_is_one_log_line_with_the_response_id_and_no_subject(
    hospital, auditor, log_lines
) -> None:
    subject = hospital.subjects[5].hex()
    answer = auditor.get(f"/auditor/subjects/{subject}/consents?canary=1")
    (line,) = [line for line in log_lines() if line["log"] == "vouchsafe.access"]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["route"], line["status"], line["method"]) == (
        "api.auditor.get_audited_consents",
        200,
        "GET",
    )
    assert line["ms"] > 0
    assert len(line["token"]) == 16
    assert auditor.secret not in json.dumps(line)
    assert subject not in json.dumps(line)
    assert "canary" not in json.dumps(line)


def test_an_incident_is_logged_with_its_code_and_without_its_message(
    hospital, clinician, log_lines, monkeypatch
) -> None:
    secret = "ab" * 8

    def broken(_):
        raise sa.exc.IntegrityError("INSERT canary", {"name": secret}, Exception(secret))

    monkeypatch.setattr(type(hospital.platform.diagnostics), "models", broken)
    answer = clinician.get("/clinician/models")
    assert answer.status_code == 500
    line = next(line for line in log_lines() if "incident" in line)
    assert line["incident"] == answer.get_json()["incident"]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert "in broken" in line["trace"]
    assert "IntegrityError" in line["trace"]
    assert secret not in json.dumps(line)
