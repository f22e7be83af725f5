"""An environment is made once, again when its lock changes, and its failures name a remedy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import environments
from deploy.environments import InstallFailed, install, install_tool, main


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what would be run; `venv` leaves an interpreter that has pip."""
    recorded: list[list[str]] = []

    def run(command: list[str], purpose: str) -> None:
        recorded.append(command)
        if "venv" in command:
            python = Path(command[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.unlink(missing_ok=True)
            python.symlink_to(sys.executable)

    monkeypatch.setattr(environments, "_run", run)
    return recorded


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "x.lock"
    path.write_text("x==1 --hash=sha256:00\n")
    return path


def test_pip_never_resolves(commands, lock, tmp_path):
    assert install(tmp_path / "env", lock) == tmp_path / "env" / "bin" / "python"
    installs = [command for command in commands if "install" in command]
    assert [Path(command[-1]).name for command in installs] == ["build.lock", "x.lock"]
    for command in installs:
        assert {"--no-deps", "--require-hashes", "--no-build-isolation"} <= set(command)
    assert commands[-1][-2:] == ["pip", "check"]


def test_nothing_is_installed_twice(commands, lock, tmp_path):
    install(tmp_path / "env", lock)
    commands.clear()
    install(tmp_path / "env", lock)
    assert commands == []


def test_a_lock_that_changed_is_installed_again_and_nothing_else(commands, lock, tmp_path):
    install(tmp_path / "env", lock)
    commands.clear()
    lock.write_text("x==2 --hash=sha256:01\n")
    install(tmp_path / "env", lock)
    assert [command[-1] for command in commands] == [str(lock), "check"]


def test_an_environment_whose_python_is_gone_is_made_again(commands, lock, tmp_path):
    python = install(tmp_path / "env", lock)
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    commands.clear()
    install(tmp_path / "env", lock)
    assert "--clear" in commands[0]


def test_a_failed_check_is_not_recorded_as_installed(lock, tmp_path, monkeypatch):
    def run(command: list[str], purpose: str) -> None:
        if command[-1] == "check":
            raise InstallFailed("x needs y")

    monkeypatch.setattr(environments, "_run", run)
    with pytest.raises(InstallFailed):
        install(tmp_path / "env", lock)
    assert not (tmp_path / "env" / environments.RECORD_NAME).exists()


@pytest.mark.parametrize(
    ("output", "remedy"),
    [
        ("No module named ensurepip", "apt-get install python3-venv"),
        ("OSError: No space left on device", "make room"),
        ("NewConnectionError: refused", "PIP_INDEX_URL"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "MATCH THE HASHES"),
    ],
)
def test_a_failure_names_the_step_and_a_remedy(output, remedy, tmp_path, monkeypatch, lock):
    failed = subprocess.CompletedProcess([], 1, stdout=output)
    monkeypatch.setattr(environments.subprocess, "run", lambda *a, **k: failed)
    with pytest.raises(InstallFailed, match=remedy) as raised:
        install(tmp_path / "env", lock)
    assert str(raised.value).startswith("could not make an environment; ")


def test_each_tool_has_an_environment_named_after_its_lock(commands, tmp_path):
    first = install_tool("uv", tmp_path)
    assert first.parent.parent == tmp_path / "tools"
    assert first.parent.name.startswith("uv-")
    assert json.loads((first.parent / environments.RECORD_NAME).read_text()).keys() == {
        "build.lock",
        "uv.lock",
    }


def test_an_unknown_tool_is_refused(tmp_path, capsys):
    assert main(["tool", "none", "--cache", str(tmp_path)]) == 1
    assert "none.lock does not exist" in capsys.readouterr().err
