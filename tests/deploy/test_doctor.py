"""The doctor finds each kind of problem and names its remedy; it changes nothing."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from consent import NodeReport
from deploy import doctor
from deploy.commands import doctor as command
from deploy.doctor import Check
from deploy.nodes import Endpoints, NodeSettings
from deploy.nodes.build import RECIPES, built_path
from deploy.nodes.endpoint import ChainEndpoint, local_kubo
from deploy.nodes.ipc import NoAnswer
from deploy.settings import Settings, read_settings

NOW_S = 1_800_000_000.0


@pytest.fixture
def given(tmp_path: Path) -> dict[str, str]:
    return {
        "VOUCHSAFE_HOME": str(tmp_path / "home"),
        "VOUCHSAFE_CACHE": str(tmp_path / "cache"),
        "VOUCHSAFE_PORT": "0",
    }


def _settings(given: Mapping[str, str], **changed: str) -> Settings:
    return read_settings({**given, **changed})


def _endpoints(url: str = "/run/none.ipc") -> Endpoints:
    return Endpoints(local_kubo(1, ""), ChainEndpoint(url, 8686))


def _status(check: Check) -> str:
    assert (check.status == "ok") == (check.remedy == "")
    return check.status


@pytest.mark.parametrize(
    ("version", "status"),
    [((3, 11, 7), "ok"), ((3, 13, 0), "ok"), ((3, 10, 13), "problem"), ((3, 14, 0), "problem")],
)
def test_only_supported_pythons_pass(version, status):
    assert _status(doctor.check_python(version)) == status


def test_packages_must_have_the_locked_versions(tmp_path):
    lock = tmp_path / "x.lock"
    lock.write_text(
        "a-b==1.0 \\\n    --hash=sha256:00\n    # via x\n"
        "win==2 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    )
    assert _status(doctor.check_packages(lock, {"a-b": "1.0"})) == "ok"
    for installed, value in (({"a-b": "1.1"}, "a-b 1.1 (locked: 1.0)"), ({}, "a-b missing")):
        check = doctor.check_packages(lock, installed)
        assert _status(check) == "problem"
        assert value in check.value


def test_the_packages_of_this_environment_are_those_of_the_lock():
    lock = doctor.ROOT / "requirements.lock"
    assert doctor.check_packages(lock, doctor._installed()).status == "ok"


def test_an_old_sqlite_is_a_problem():
    assert _status(doctor.check_sqlite((3, 40, 1))) == "ok"
    assert _status(doctor.check_sqlite((3, 34, 9))) == "problem"


def test_each_of_several_chain_nodes_is_compared(given, tmp_path, monkeypatch):
    settings = _settings(given, LEDGER_RPC_URLS="http://b:1 http://c:1")
    assert not list(doctor.check_further_nodes(_settings(given), _endpoints()))
    assert [each.status for each in doctor.check_further_nodes(settings, None)] == ["ok"]
    settings.home.mkdir()
    (settings.home / "ledger.json").write_text("{}")
    reports = [NodeReport("a", "agrees"), NodeReport("b", "behind", 3), NodeReport("c", "agrees")]
    monkeypatch.setattr(doctor, "examine_nodes", lambda *_: reports)
    checks = list(doctor.check_further_nodes(settings, _endpoints()))
    assert [_status(check) for check in checks] == ["ok", "problem", "ok"]
    assert checks[1].value == "b: behind by 3 blocks"


def test_a_node_program_is_found_or_will_be_built(given, tmp_path):
    settings = _settings(given)
    codes = [check.code for check in doctor.check_programs(settings, {"PATH": ""})]
    assert codes == ["ipfs-program", "geth-program", "cache-disk"]
    for name in RECIPES:
        built_path(name, settings.cache).parent.mkdir(parents=True)
        built_path(name, settings.cache).touch()
    assert [check.status for check in doctor.check_programs(settings, {"PATH": ""})] == ["ok"] * 2
    external = _settings(given, IPFS_API="http://h:5001", LEDGER_RPC_URL="http://h:8545")
    assert list(doctor.check_programs(external, {"PATH": ""})) == []


def test_too_little_disk_space_is_a_problem(tmp_path):
    assert _status(doctor.check_disk("home-disk", tmp_path / "not" / "made", 1)) == "ok"
    check = doctor.check_disk("home-disk", tmp_path, 2**62)
    assert _status(check) == "problem"
    assert str(tmp_path) in check.value


def test_a_port_of_another_program_is_a_problem(given, monkeypatch):
    assert _status(doctor.check_port(_settings(given), is_running=False)) == "ok"
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = _settings(given, VOUCHSAFE_PORT=str(other.getsockname()[1]))
        monkeypatch.setattr(doctor, "TIMEOUT_S", 0.1)
        for is_running in (True, False):
            assert _status(doctor.check_port(settings, is_running=is_running)) == "problem"
        monkeypatch.setattr(doctor, "_is_alive", lambda url: url.endswith("/health/live"))
        assert _status(doctor.check_port(settings, is_running=True)) == "ok"
        other = doctor.check_port(settings, is_running=False)
        assert _status(other) == "problem"
        assert other.value.endswith("is used by another installation of this platform")


def test_a_mark_that_cannot_be_written_is_a_problem(given, tmp_path, monkeypatch):
    settings = _settings(given, VOUCHSAFE_MARK=str(tmp_path / "not" / "made" / "mark"))
    assert _status(doctor.check_mark(settings)) == "ok"
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: path != tmp_path)
    check = doctor.check_mark(settings)
    assert _status(check) == "problem"
    assert check.remedy == f"Let it write to {tmp_path}, or set VOUCHSAFE_MARK"


def test_a_clock_before_the_installation_is_a_problem():
    assert _status(doctor.check_clock(NOW_S, NOW_S - 1)) == "ok"
    assert _status(doctor.check_clock(NOW_S, NOW_S + 1)) == "problem"


@pytest.mark.parametrize(("ahead_s", "status"), [(-90, "ok"), (60, "ok"), (61, "problem")])
def test_a_block_ahead_of_the_clock_is_a_problem(monkeypatch, ahead_s, status):
    block = {"timestamp": hex(int(NOW_S) + ahead_s)}
    monkeypatch.setattr(doctor, "_latest_block", lambda url: block)
    assert _status(doctor.check_block_time(_endpoints(), NOW_S)) == status


def test_an_unknown_block_time_is_a_problem(monkeypatch):
    def unavailable(url: str) -> Mapping[str, object]:
        raise NoAnswer("no answer")

    assert _status(doctor.check_block_time(_endpoints(), NOW_S)) == "problem"
    monkeypatch.setattr(doctor, "_latest_block", unavailable)
    assert _status(doctor.check_block_time(_endpoints(), NOW_S)) == "problem"


def test_files_that_other_users_can_use_are_a_problem(given):
    settings = _settings(given)
    assert list(doctor.check_permissions(settings)) == []
    secrets = settings.home / "secrets"
    secrets.mkdir(parents=True, mode=0o700)
    settings.home.chmod(0o700)
    key = secrets / "relayer.key"
    key.touch(0o600)
    assert {check.status for check in doctor.check_permissions(settings)} == {"ok"}
    key.chmod(0o640)
    settings.home.chmod(0o755)
    remedies = [check.remedy for check in doctor.check_permissions(settings) if check.remedy]
    assert remedies == [f"Run: chmod 700 {settings.home}", f"Run: chmod 600 {key}"]


def test_a_passphrase_beside_the_records_is_a_problem_in_service_only(given, tmp_path):
    https = "https://consent.example.org"
    apart = tmp_path / "apart"
    elsewhere = {"VOUCHSAFE_PASSPHRASE_FILE": str(apart)}
    assert _status(doctor.check_passphrase(_settings(given))) == "warning"
    in_service = _settings(given, VOUCHSAFE_ORIGIN=https)
    assert _status(doctor.check_passphrase(in_service)) == "problem"
    assert _status(doctor.check_passphrase(_settings(given, **elsewhere))) == "warning"
    apart.touch()
    assert _status(doctor.check_passphrase(_settings(given, **elsewhere))) == "ok"
    check = doctor.check_passphrase(_settings(given, VOUCHSAFE_PASSPHRASE="not shown"))
    assert _status(check) == "ok"
    assert "not shown" not in check.value


def test_a_missing_passphrase_is_a_problem_where_a_key_is_sealed_with_it(given, tmp_path):
    settings = _settings(given, VOUCHSAFE_PASSPHRASE_FILE=str(tmp_path / "apart"))
    (settings.home / "secrets").mkdir(parents=True)
    assert "the first start makes it" in doctor.check_passphrase(settings).value
    (settings.home / "secrets" / "root.key").touch()
    check = doctor.check_passphrase(settings)
    assert (_status(check), "mount the medium" in check.remedy) == ("problem", True)


def test_a_database_that_does_not_answer_is_a_problem(given):
    settings = _settings(given)
    assert _status(doctor.check_database(settings)) == "ok"
    assert not settings.home.exists()
    url = "postgresql+psycopg://vouchsafe:hidden@127.0.0.1:1/none"
    check = doctor.check_database(_settings(given, DATABASE_URL=url))
    assert _status(check) == "problem"
    assert "hidden" not in check.value


def test_nodes_that_should_answer_and_do_not_are_a_problem(given, monkeypatch):
    settings = _settings(given)
    assert _status(doctor.check_nodes(settings, None)) == "ok"  # the platform is stopped
    managed = _settings(given, VOUCHSAFE_START_NODES="0")
    check = doctor.check_nodes(managed, None)
    assert _status(check) == "problem"
    assert "systemctl start" in check.remedy
    assert _status(doctor.check_nodes(settings, _endpoints())) == "problem"
    assert _status(doctor.check_nodes(settings, "IPFS_API is 'x'")) == "problem"
    monkeypatch.setattr(doctor, "is_in_use", lambda home: True)
    assert _status(doctor.check_nodes(settings, None)) == "problem"


def test_an_address_that_is_none_is_reported(given):
    settings = _settings(given, IPFS_API="localhost:5001")
    nodes = NodeSettings(settings.home, settings.cache, {"PATH": ""}, ipfs_api="localhost:5001")
    checks = doctor.examine(settings, nodes, time.time())
    assert [check.remedy for check in checks if check.code == "nodes"] == [
        "Correct IPFS_API or LEDGER_RPC_URL"
    ]


@pytest.fixture
def environment(given, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*given, "DATABASE_URL", "IPFS_API", "LEDGER_RPC_URL"]:
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)


def test_a_machine_without_a_problem_exits_with_0_and_nothing_is_made(environment, given):
    result = CliRunner().invoke(command, ["--json"])
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"]) == (0, True), document
    assert {"code", "status", "value", "remedy"} == set(document["checks"][0])
    assert not Path(given["VOUCHSAFE_HOME"]).exists()


def run_with(monkeypatch, name, value):
    """Run the doctor with this variable beside the others."""
    monkeypatch.setenv(name, value)
    return CliRunner().invoke(command, [])


def test_a_machine_with_a_problem_exits_with_1_and_shows_the_remedy(environment, monkeypatch):
    result = run_with(monkeypatch, "VOUCHSAFE_START_NODES", "0")
    assert result.exit_code == 1
    assert "problem  nodes" in result.stdout
    assert "systemctl start vouchsafe.target" in result.stdout


def test_an_invalid_setting_is_a_problem_of_its_own(environment, monkeypatch):
    result = run_with(monkeypatch, "VOUCHSAFE_PORT", "http")
    assert result.exit_code == 1
    assert "problem  settings      VOUCHSAFE_PORT is 'http'" in result.stdout


def test_a_misspelt_setting_is_a_warning_and_the_others_are_checked(environment, monkeypatch):
    result = run_with(monkeypatch, "VOUCHSAFE_ORIGN", "https://x.example")
    assert result.exit_code == 0
    assert "warning  settings      VOUCHSAFE_ORIGN is not a setting" in result.stdout
    assert "did you mean VOUCHSAFE_ORIGIN?" in result.stdout
    assert "python" in result.stdout


def test_one_account_for_everything_is_a_warning_until_the_accounts_are_separate(given, tmp_path):
    settings = _settings(given, LEDGER_FINALITY="bft")
    assert _status(doctor.check_accounts(settings)) == "ok"
    secrets = settings.home / "secrets"
    secrets.mkdir(parents=True)
    (settings.home / "ledger.json").touch()
    for last, key in ("relayer", "11"), ("custodian", "11"), ("anchor", "22"):
        # Also where separating ended between the anchor and the relayer.
        (secrets / f"{last}.key").write_text(f"{key}\n")
        check = doctor.check_accounts(settings)
        assert (check.status, "accounts separate" in check.remedy) == ("warning", True)
    assert _status(doctor.check_accounts(_settings(given))) == "ok"  # of a single validator
    (secrets / "relayer.key").write_text("33\n")
    assert _status(doctor.check_accounts(settings)) == "ok"


def test_a_missing_key_of_the_account_that_enrols_is_a_problem(given, tmp_path):
    settings = _settings(given, LEDGER_FINALITY="bft")
    secrets = settings.home / "secrets"
    secrets.mkdir(parents=True)
    for name in ("ledger.json", "secrets/relayer.key", "secrets/anchor.key"):
        (settings.home / name).write_text(name)
    check = doctor.check_accounts(settings)
    assert (check.status, "accounts rotate" in check.remedy) == ("problem", True)
    assert "custodian.key is missing" in check.value
