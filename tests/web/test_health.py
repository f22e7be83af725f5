from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from rebuild import rebuilt

import app as application
from consent import open_ledger
from deploy.settings import read_settings
from services.jobs.heartbeats import STALE_S, Workers
from storage import RecordStore
from web import create_app
from web.health import PROBES

pytestmark = pytest.mark.node


@pytest.fixture
def silent_node(tmp_path: Path) -> Iterator[str]:
    """A node that accepts connections and never responds."""
    path = tmp_path / "silent.ipc"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(64)
        yield str(path)


def without_chain(hospital, endpoint: str):
    """Return a client of the same platform with another chain."""
    platform = hospital.platform
    settings = read_settings({"VOUCHSAFE_HOME": str(platform.installation.home)})
    ledger = open_ledger(
        platform.engine,
        platform.installation.clock,
        application.ledger_settings(settings, endpoint),
    )
    return create_app(rebuilt(platform, ledger=ledger)).test_client()


def test_all_parts_are_ready(hospital, stranger) -> None:
    assert stranger.http.get("/health/live").get_json()["state"] == "live"
    assert stranger.http.get("/health/ready").get_json()["parts"]["worker"] == {
        "state": "unavailable"
    }
    platform = hospital.platform
    Workers(platform.engine, platform.installation.clock).beat("here")
    ready = stranger.http.get("/health/ready")
    assert ready.status_code == 200
    parts = ready.get_json()["parts"]
    assert set(parts) == {"ledger", "store", "journal", "root_key", "worker"}
    assert {part["state"] for part in parts.values()} == {"ready"}


def test_an_address_that_asks_for_the_parts_too_often_has_to_wait(hospital) -> None:
    platform = hospital.platform
    now_s = platform.installation.clock()
    installation = dataclasses.replace(platform.installation, clock=lambda: now_s)
    app = create_app(rebuilt(platform, installation=installation))
    client, other = app.test_client(), {"REMOTE_ADDR": "10.0.0.2"}
    answers = [client.get("/health/ready").status_code for _ in range(PROBES[1] + 1)]
    assert answers[-1] == 429
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready", environ_base=other).status_code != 429


def test_a_worker_without_a_recent_heartbeat_is_unavailable(hospital) -> None:
    platform = hospital.platform
    Workers(platform.engine, platform.installation.clock).beat("here")
    clock = platform.installation.clock
    installation = dataclasses.replace(platform.installation, clock=lambda: clock() + STALE_S + 2)
    later = rebuilt(platform, installation=installation)
    ready = create_app(later).test_client().get("/health/ready")
    assert (ready.status_code, ready.get_json()["parts"]["worker"]) == (
        503,
        {"state": "unavailable"},
    )


def test_a_sealed_root_key_is_unavailable(hospital) -> None:
    platform = hospital.platform
    sealed = RecordStore(
        platform.engine,
        platform.store._blocks,
        platform.ledger,
        platform.installation.home,
        time.time,
    )
    app = create_app(rebuilt(platform, store=sealed))
    parts = app.test_client().get("/health/ready").get_json()["parts"]
    assert (parts["root_key"]["state"], parts["store"]["state"]) == ("unavailable", "ready")


def test_an_unavailable_database_is_503_and_reveals_nothing(hospital, tmp_path, caplog) -> None:
    nowhere = sa.create_engine(f"sqlite:///{tmp_path / 'none' / 'x.db'}")
    app = create_app(rebuilt(hospital.platform, engine=nowhere))
    answer = app.test_client().get("/api/v1/me", headers={"Authorization": "Bearer vs_canary"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"sqlite" not in answer.data
    ready = app.test_client().get("/health/ready")
    assert ready.get_json()["parts"]["worker"] == {"state": "unavailable"}
    assert "web_tokens" not in caplog.text


def test_an_unavailable_chain_is_reported_at_once_without_details(hospital, tmp_path) -> None:
    client = without_chain(hospital, str(tmp_path / "none.ipc"))
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.get_json()["parts"]["ledger"] == {"state": "unavailable"}
    assert ready.get_json()["parts"]["store"] == {"state": "ready"}
    assert b"none.ipc" not in ready.data
    began_s = time.monotonic()
    answer = client.get("/api/v1/ledger")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert b"none.ipc" not in answer.data
    assert time.monotonic() - began_s < 30
    assert b"every request is refused" in client.get("/").data


def test_a_chain_that_hangs_is_unavailable_and_no_request_waits(hospital, silent_node) -> None:
    client = without_chain(hospital, silent_node)
    began_s = time.monotonic()
    assert client.get("/api/v1/ledger").status_code == 503
    assert time.monotonic() - began_s < 30
