"""Each lock installs unchanged, with every supported Python and the oldest and newest pip."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RUNTIME, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"
TOOL_LOCKS = sorted((ROOT / "deploy" / "tools").glob("*.lock"))
VERSIONS = ("3.11", "3.12", "3.13")
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)
IMPORTS_ALL = """
import importlib, importlib.metadata, sys, warnings
warnings.simplefilter("ignore")
packages = set(sys.argv[1].split())
count = 0
for module, owners in importlib.metadata.packages_distributions().items():
    names = {owner.lower().replace("_", "-").replace(".", "-") for owner in owners}
    if names & packages and module.isidentifier():
        importlib.import_module(module)
        count += 1
print(count)
"""


def _pins(lock: Path) -> dict[str, str]:
    return dict(PIN.findall(lock.read_text("utf-8")))


def _find_python(version: str) -> str | None:
    """Return an interpreter of this version that runs; pyenv's shims may exist and not run."""
    installed = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{version}.*/bin/python"))
    for candidate in (shutil.which(f"python{version}"), *map(str, installed)):
        if (
            candidate
            and not subprocess.run(
                [candidate, "-c", "import ensurepip"], capture_output=True, check=False
            ).returncode
        ):
            return candidate
    return None


def _run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env={**os.environ, "PIP_COMPILE": "0"},  # what is imported is compiled then
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def _require_python(version: str) -> str:
    python = _find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed on this machine")
    return python


def _import_every_runtime_package(python: str) -> None:
    count = int(_run(python, "-I", "-c", IMPORTS_ALL, " ".join(_pins(RUNTIME))))
    assert count >= len(_pins(RUNTIME)) - 5  # a few are for other systems


@pytest.mark.install
@pytest.mark.parametrize("version", VERSIONS)
def test_the_runtime_lock_installs_with_the_pip_that_python_brings(version, tmp_path):
    python = _require_python(version)
    folder = _run(python, "-m", "deploy.environments", "install", tmp_path / "env", RUNTIME)
    _import_every_runtime_package(f"{folder.strip()}/python")


@pytest.mark.install
@pytest.mark.parametrize("version", VERSIONS)
def test_the_development_lock_installs_with_the_newest_pip(version, tmp_path):
    python = _require_python(version)
    _run(python, "-m", "venv", tmp_path / "env")
    inside = tmp_path / "env" / "bin" / "python"
    _run(inside, "-m", "pip", "install", "--quiet", "--upgrade", "pip")
    _run(python, "-m", "deploy.environments", "install", tmp_path / "env", DEVELOPMENT)
    _import_every_runtime_package(str(inside))


def test_a_python_that_runs_these_tests_is_a_supported_one():
    assert ".".join(map(str, sys.version_info[:2])) in VERSIONS
    assert any(map(_find_python, VERSIONS))


def test_the_development_lock_contains_the_runtime_lock():
    runtime, development = _pins(RUNTIME), _pins(DEVELOPMENT)
    assert {name: development.get(name) for name in runtime} == runtime


@pytest.mark.parametrize("lock", [RUNTIME, DEVELOPMENT, *TOOL_LOCKS], ids=lambda lock: lock.name)
def test_a_lock_pins_what_its_text_file_asks_for_and_hashes_everything(lock):
    pins, text = _pins(lock), lock.read_text("utf-8")
    packages = re.findall(r"^([A-Za-z0-9._-]+)", lock.with_suffix(".txt").read_text(), re.MULTILINE)
    names = {re.sub(r"[._]+", "-", name.lower()) for name in packages if not name.startswith("-")}
    assert names <= set(pins)
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    assert [entry for entry in entries[1:] if "--hash=sha256:" not in entry] == []
    assert not re.search(r"^(-e|git|https?:|[a-z-]+ @)", text, re.MULTILINE)
