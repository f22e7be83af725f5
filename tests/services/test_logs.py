from __future__ import annotations

import io
import json
import logging
import sys

import pytest
import sqlalchemy as sa

from consent import LedgerUnavailable
from services.logs import log_to_stderr, trace_of


@pytest.fixture
def lines(monkeypatch):
    """What is on stderr when the log is shown; the loggers are as they were afterwards."""
    ours = logging.getLogger("vouchsafe")
    before = (ours.handlers[:], ours.level, ours.propagate)
    ours.handlers[:] = []
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    log_to_stderr()
    log_to_stderr()
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    ours.handlers[:], ours.level, ours.propagate = before


def test_a_message_cannot_pass_for_another_line(lines) -> None:
    logging.getLogger("vouchsafe.web").warning("%s", 'a\n{"level": "INFO"}\r\x1b[31m')
    found = lines()
    assert len(found) == 1
    assert (found[0]["level"], found[0]["log"]) == ("WARNING", "vouchsafe.web")


@pytest.mark.node
def test_a_request_is_one_line_with_its_answers_id_and_no_subject(hospital, auditor, lines) -> None:
    subject = hospital.subjects[5].hex()
    answer = auditor.get(f"/subjects/{subject}/consents?canary=1")
    found = [line for line in lines() if line["log"] == "vouchsafe.access"]
    assert len(found) == 1
    line = found[0]
    assert line["request"] == answer.headers["X-Request-Id"]
    assert (line["route"], line["status"], line["method"]) == ("api.get_consents", 200, "GET")
    assert line["ms"] > 0
    assert len(line["token"]) == 16
    assert auditor.secret not in json.dumps(line)
    assert subject not in json.dumps(line)
    assert "canary" not in json.dumps(line)


@pytest.mark.node
def test_an_incident_is_in_the_log_with_its_code_and_without_its_words(
    hospital, auditor, lines, monkeypatch
) -> None:
    secret = "ab" * 8

    def broken(_):
        raise sa.exc.IntegrityError("INSERT canary", {"name": secret}, Exception(secret))

    monkeypatch.setattr(type(hospital.platform.diagnostics), "models", broken)
    answer = auditor.get("/models")
    assert answer.status_code == 500
    found = next(line for line in lines() if "incident" in line)
    assert found["incident"] == answer.get_json()["incident"]
    assert found["request"] == answer.headers["X-Request-Id"]
    assert "in broken" in found["trace"]
    assert "IntegrityError" in found["trace"]
    assert secret not in json.dumps(found)


def test_our_own_words_are_in_a_trace_and_other_peoples_are_not() -> None:
    secret = "ab" * 8
    try:
        try:
            raise ValueError(secret)
        except ValueError as exc:
            raise LedgerUnavailable("the chain is away") from exc
    except LedgerUnavailable as exc:
        told = trace_of(exc)
    assert "LedgerUnavailable: the chain is away" in told
    assert "from ValueError\n" in told
    assert secret not in told
