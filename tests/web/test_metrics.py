"""Prometheus metrics: their text, and who may read them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.errors import NotFound
from services.monitoring import Measurements
from web import metrics

MEASURED = Measurements(
    parts={"ledger": True, "worker": False},
    outcomes={"permitted": 7, "no-consent": 2},
    jobs={("rekey", "queued"): 3},
    ledger_lag_s=1.5,
    block_age_s=None,
    anchor_age_s=30.0,
    unanchored_rows=4,
    chain_nodes={"agrees": 2, "disagrees": 1},
    refused_revocations=1,
    drifting_models=0,
    disk_free_bytes=10**9,
)


def client(token: str = "") -> FlaskClient:
    app = Flask("test")
    app.register_error_handler(NotFound, lambda _: ("", 404))
    metrics.install(app, SimpleNamespace(measure=lambda: MEASURED), token)  # type: ignore[arg-type]
    app.add_url_rule("/page/<name>", "page", lambda name: name)
    return app.test_client()


def test_measurements_are_served_and_those_of_unavailable_parts_are_left_out() -> None:
    text = client().get("/metrics").get_data(as_text=True)
    for line in (
        'vouchsafe_part_up{part="ledger"} 1.0',
        'vouchsafe_part_up{part="worker"} 0.0',
        'vouchsafe_decisions_total{outcome="no-consent"} 2.0',
        'vouchsafe_jobs{kind="rekey",state="queued"} 3.0',
        'vouchsafe_chain_nodes{state="disagrees"} 1.0',
        "vouchsafe_ledger_lag_seconds 1.5",
        "vouchsafe_anchor_age_seconds 30.0",
        "vouchsafe_unanchored_rows 4.0",
        "vouchsafe_disk_free_bytes 1e+09",
    ):
        assert line in text.splitlines()
    assert "ledger_block_age" not in text


def test_requests_are_counted_by_endpoint_and_never_by_path() -> None:
    http = client()
    http.get("/page/canary")
    http.get("/page/other")
    http.get("/canary")
    text = http.get("/metrics").get_data(as_text=True)
    counted = 'vouchsafe_http_requests_total{endpoint="page",method="GET",status="200"} 2.0'
    assert counted in text.splitlines()
    assert 'vouchsafe_http_request_seconds_count{endpoint="page"} 2.0' in text.splitlines()
    assert 'endpoint="none",method="none",status="404"' in text
    assert "canary" not in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.5", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.5"}, 404),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.5"}, 404),
    ],
)
def test_without_a_token_only_programs_of_this_machine_read_them(address, headers, status) -> None:
    environ = {"REMOTE_ADDR": address}
    assert client().get("/metrics", headers=headers, environ_base=environ).status_code == status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer secret", 200), ("bearer secret", 200), ("Bearer other", 404), ("", 404)],
)
def test_with_a_token_the_token_alone_is_accepted(authorization, status) -> None:
    answer = client("secret").get("/metrics", headers={"Authorization": authorization})
    assert answer.status_code == status


def test_the_counts_of_several_web_processes_are_added_up(tmp_path) -> None:
    script = (
        "from test_metrics import client\n"
        "made = client()\n"
        "made.get('/page/a')\n"
        "print(made.get('/metrics').get_data(as_text=True))\n"
    )
    here = Path(__file__).resolve().parent
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "PYTHONPATH": f"{here.parents[1]}:{here}"}
    for count in (1, 2):
        run = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | shared,
            capture_output=True,
            text=True,
            check=True,
        )
        line = (
            f'vouchsafe_http_requests_total{{endpoint="page",method="GET",status="200"}} {count}.0'
        )
        assert line in run.stdout.splitlines()
