"""make finds a Python that runs, and installs test tools for tests and checks only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder for PATH in which nothing but the shell and make can be found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "make", "uname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    return folder


def _python(folder: Path, name: str, *, runs: bool) -> None:
    script = folder / name
    script.write_text(f'#!/bin/sh\n{f"exec {sys.executable}" if runs else "exit 127 #"} "$@"\n')
    script.chmod(0o755)


def _make(programs: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        env={"PATH": str(programs), "HOME": str(programs), "VOUCHSAFE_CACHE": "/elsewhere"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_that_does_not_run_is_skipped(programs):
    _python(programs, "python3.11", runs=False)  # as pyenv's shims of versions not selected
    _python(programs, "python3.13", runs=True)
    commands = _make(programs, "lock").stdout
    assert "python3.13 -m deploy.environments" in commands
    assert "python3.11 -m" not in commands
    assert '--cache "/elsewhere"' in commands


def test_without_a_suitable_python_the_error_names_the_versions(programs):
    done = _make(programs, "lock")
    assert done.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 with its venv module is not on PATH" in done.stderr


@pytest.mark.parametrize(
    ("target", "is_developed"), [("demo", False), ("run", False), ("nodes", False), ("quick", True)]
)
def test_only_tests_and_checks_install_the_development_lock(programs, target, is_developed):
    _python(programs, "python3.11", runs=True)
    commands = _make(programs, "--always-make", target).stdout
    assert "install .venv requirements.lock" in commands
    assert ("install .venv requirements-dev.lock" in commands) is is_developed


def test_every_target_that_is_documented_exists():
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = next(line for line in text.splitlines() if line.startswith(".PHONY:")).split()[1:]
    targets = {
        line.split(":")[0] for line in text.splitlines() if ": " in line or line.endswith(":")
    }
    assert set(phony) <= targets
    assert os.access(ROOT / ".ci" / "run", os.R_OK)
