from __future__ import annotations

import io
import json
import logging
import sys
from types import SimpleNamespace

import app as application
from consent import LedgerUnavailable
from services.logs import trace_of


def test_a_message_cannot_forge_a_second_log_line(log_lines) -> None:
    logging.getLogger("vouchsafe.web").warning("%s", 'a\n{"level": "INFO"}\r\x1b[31m')
    written = log_lines()
    assert len(written) == 1
    assert (written[0]["level"], written[0]["log"]) == ("WARNING", "vouchsafe.web")


def test_a_trace_contains_the_messages_of_project_errors_only() -> None:
    secret = "ab" * 8
    try:
        try:
            raise ValueError(secret)
        except ValueError as exc:
            raise LedgerUnavailable("the chain is unavailable") from exc
    except LedgerUnavailable as exc:
        trace = trace_of(exc)
    assert "LedgerUnavailable: the chain is unavailable" in trace
    assert "from ValueError\n" in trace
    assert secret not in trace


def test_the_web_process_writes_its_log_to_stderr(log_lines, monkeypatch, tmp_path) -> None:
    logging.getLogger("vouchsafe").handlers[:] = []
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setenv("VOUCHSAFE_HOME", str(tmp_path))
    services = SimpleNamespace(ledger=SimpleNamespace(limits=SimpleNamespace()))
    monkeypatch.setattr(application, "join", lambda *_: services)
    monkeypatch.setattr(application, "nodes_of", lambda *_: None)
    monkeypatch.setattr("web.create_app", lambda *_: None)
    application.web()
    logging.getLogger("vouchsafe.web").info("started")
    assert json.loads(stderr.getvalue())["message"] == "started"
