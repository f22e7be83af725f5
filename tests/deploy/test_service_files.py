"""The systemd units, the container file and the compose file name only what exists."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import yaml
from command_line import commands_in

import app
from deploy.settings import VARIABLES, read_settings

ROOT = Path(__file__).resolve().parents[2]
SYSTEMD = ROOT / "deploy" / "systemd"
CONTAINER = ROOT / "deploy" / "container"
UNITS = sorted(SYSTEMD.glob("*.service"))
INSTALLED = "/opt/vouchsafe"
MAX_EXPOSURE = 2.0
MARK_WRITERS = {"setup", "web", "worker"}
# On CI a missing program is a failure, not a skip: .ci/run installs it.
needs_systemd = pytest.mark.skipif(
    "CI" not in os.environ and not shutil.which("systemd-analyze"),
    reason="systemd is not installed",
)


def _values(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text("utf-8"), re.MULTILINE)


def _require_command(words: list[str]) -> None:
    """Fail unless `words` are a command of the platform with options that it knows."""
    command: click.Command = app.commands()
    while isinstance(command, click.Group):
        assert words and words[0] in commands_in(command), words
        command, words = commands_in(command)[words[0]], words[1:]
    command.make_context("vouchsafe", ["0" if word == "$MAINPID" else word for word in words])


@pytest.fixture
def installed(tmp_path: Path) -> list[Path]:
    """Return the units as they would be if the platform were installed where it is now."""
    program = tmp_path / "vouchsafe"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for unit in SYSTEMD.glob("vouchsafe*.*"):
        text = unit.read_text("utf-8").replace(f"{INSTALLED}/.venv/bin/vouchsafe", str(program))
        (tmp_path / unit.name).write_text(text.replace(INSTALLED, str(ROOT)))
    return [*tmp_path.glob("*.service"), tmp_path / "vouchsafe.target"]


@needs_systemd
def test_systemd_accepts_every_unit(installed):
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, installed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@needs_systemd
@pytest.mark.parametrize("name", [unit.name for unit in UNITS])
def test_a_unit_is_confined(name, installed):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(installed[0].parent / name)],
        capture_output=True,
        text=True,
        check=True,
    )
    exposure = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)
    assert exposure is not None
    assert float(exposure[1]) <= MAX_EXPOSURE


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_of_the_platform(unit):
    lines = _values(unit, "ExecStart") + _values(unit, "ExecStartPost")
    assert lines
    for line in lines:
        program, *words = shlex.split(line)
        assert program == f"{INSTALLED}/.venv/bin/vouchsafe"
        _require_command(words)
    assert _values(unit, "NoNewPrivileges") == ["yes"]
    assert _values(unit, "ProtectSystem") == ["strict"]


def test_the_target_starts_every_unit():
    names = _values(SYSTEMD / "vouchsafe.target", "Wants")[0].split()
    assert sorted(names) == [unit.name for unit in UNITS]


def test_a_node_cannot_read_the_passphrase():
    for name in ("kubo", "geth"):
        unit = SYSTEMD / f"vouchsafe-{name}.service"
        assert "/etc/vouchsafe/passphrase" in _values(unit, "InaccessiblePaths")[0]
        assert "/var/lib/vouchsafe" not in _values(unit, "ReadWritePaths")[0].split()


def test_the_example_settings_are_valid_and_outside_the_home():
    lines = (SYSTEMD / "vouchsafe.env").read_text("utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(given) <= set(VARIABLES)
    settings = read_settings(given)
    assert not settings.start_nodes
    assert settings.home not in settings.passphrase_file.parents


def test_every_writable_folder_is_made_by_tmpfiles():
    made = re.findall(
        r"^d (\S+)", (SYSTEMD / "vouchsafe.tmpfiles.conf").read_text("utf-8"), re.MULTILINE
    )
    for unit in UNITS:
        assert set(_values(unit, "ReadWritePaths")[0].split()) <= set(made), unit.name


def test_the_services_that_write_the_mark_may_write_to_its_folder_and_nodes_may_not():
    lines = (SYSTEMD / "vouchsafe.env").read_text("utf-8").splitlines()
    settings = read_settings(
        dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    )
    assert settings.home not in settings.mark.parents  # else it would be in the home's backup
    writers = {
        unit.stem.removeprefix("vouchsafe-")
        for unit in UNITS
        if str(settings.mark.parent) in _values(unit, "ReadWritePaths")[0].split()
    }
    assert writers == MARK_WRITERS


def test_the_containers_that_write_the_mark_have_its_folder_as_a_volume():
    text = (CONTAINER / "Containerfile").read_text("utf-8")
    mark = read_settings(dict(re.findall(r"(VOUCHSAFE_(?:HOME|MARK))=(\S+)", text))).mark
    folder = str(mark.parent)
    assert re.search(
        rf"^ && install --directory --owner=vouchsafe --mode=700 {folder} ", text, re.M
    )
    document = yaml.safe_load((CONTAINER / "compose.yaml").read_text("utf-8"))
    mounted = {
        name: {volume.partition(":")[2]: volume.partition(":")[0] for volume in service["volumes"]}
        for name, service in document["services"].items()
    }
    assert {name for name, places in mounted.items() if folder in places} == MARK_WRITERS
    assert {name for each in mounted.values() for name in each.values()} <= set(document["volumes"])
    assert all("/var/lib/vouchsafe" in places for places in mounted.values())


def test_the_container_file_copies_what_exists_and_makes_a_known_target():
    text = (CONTAINER / "Containerfile").read_text("utf-8")
    for sources in re.findall(r"^COPY (?!--)(.*) \S+$", text, re.MULTILINE):
        assert [name for name in sources.split() if not (ROOT / name).exists()] == []
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"\bmake ([a-z-]+)", text)) <= set(targets)
    assert set(re.findall(r"(VOUCHSAFE_\w+)=", text)) <= set(VARIABLES)
    _require_command(re.findall(r'^CMD \["vouchsafe", "(\w+)"\]', text, re.MULTILINE))


def test_the_compose_file_runs_each_process_on_the_nodes_network():
    document = yaml.safe_load((CONTAINER / "compose.yaml").read_text("utf-8"))
    services = document["services"]
    assert set(services) == {"kubo", "geth", "setup", "worker", "web"}
    build = services["kubo"]["build"]
    assert (CONTAINER / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()
    for name, service in services.items():
        program, *words = service["command"]
        assert program == "vouchsafe"
        _require_command(words)
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert set(service["environment"]) <= set(VARIABLES)
        assert set(service.get("depends_on", {})) <= set(services)
        assert set(service.get("secrets", [])) <= set(document["secrets"])
        if name not in ("kubo", "geth"):
            assert service["network_mode"] == "service:kubo"
    for name in ("kubo", "geth"):
        _require_command(services[name]["healthcheck"]["test"][2:])
        assert "secrets" not in services[name]


def test_the_operations_page_runs_commands_with_the_settings_of_the_services():
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    (line,) = re.findall(r"systemd-run .*\\\n.*", page)
    for unit in UNITS:
        (user,) = _values(unit, "User")
        (settings,) = _values(unit, "EnvironmentFile")
        assert f"--uid={user} " in line
        assert f"--property=EnvironmentFile={settings} " in line
        assert shlex.split(_values(unit, "ExecStart")[0])[0] in line
