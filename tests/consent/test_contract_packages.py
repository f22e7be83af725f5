"""The compiler of the ledger is the one that package-lock.json names, on every platform."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from consent.contract import build

LOCK: dict[str, dict[str, Any]] = json.loads(build.LOCK.read_text("utf-8"))["packages"]


def test_each_package_that_another_needs_is_in_the_lock_with_its_hash() -> None:
    """`npm ci` refuses a lock without the packages of another platform."""
    own = json.loads((build.HERE / "package.json").read_text("utf-8"))
    for kind in ("dependencies", "devDependencies"):
        assert LOCK[""][kind] == own[kind]
    names = {name.rsplit("node_modules/", 1)[-1] for name in LOCK}
    kinds = ("dependencies", "devDependencies", "optionalDependencies")
    needed = {name for package in LOCK.values() for kind in kinds for name in package.get(kind, ())}
    assert needed - names == set()
    assert [name for name, package in LOCK.items() if name and not package.get("integrity")] == []


def test_the_lock_names_no_registry_of_a_machine() -> None:
    assert [name for name, package in LOCK.items() if "resolved" in package] == []


def test_the_packages_are_installed_from_the_lock_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, ...]] = []

    def run(*command: str) -> int:
        commands.append(command)
        return 1

    monkeypatch.setattr(build, "_run", run)
    monkeypatch.setattr(build, "is_installed", lambda *_: False)
    assert build.install_packages() == 1
    assert [command[:2] for command in commands] == [("npm", "ci")]


def test_no_script_installs_packages_that_the_lock_does_not_name() -> None:
    root = build.HERE.parents[1]
    sources = [root / "Makefile", *(root / "deploy").rglob("*.py"), *build.HERE.glob("*.py")]
    for path in sources:
        text = path.read_text("utf-8")
        assert '"npm", "install"' not in text, path
        assert "npm install" not in text, path


def test_packages_of_an_earlier_lock_are_installed_again(tmp_path: Path) -> None:
    installed = tmp_path / "installed.json"
    assert not build.is_installed(build.LOCK, installed)
    # What npm writes: every package but those of other platforms.
    there = {name: each for name, each in LOCK.items() if name and not each.get("optional")}
    installed.write_text(json.dumps({"packages": there}))
    assert build.is_installed(build.LOCK, installed)
    older = {**there, "node_modules/solc": {"version": "0.8.1", "integrity": "sha512-old"}}
    installed.write_text(json.dumps({"packages": older}))
    assert not build.is_installed(build.LOCK, installed)
    del there["node_modules/solc"]
    installed.write_text(json.dumps({"packages": there}))
    assert not build.is_installed(build.LOCK, installed)


@pytest.mark.skipif(not (shutil.which("npm") and shutil.which("node")), reason="no npm or node")
def test_building_twice_installs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert build.install_packages() == 0
    monkeypatch.setattr(build, "_run", lambda *_: pytest.fail("installed again"))
    assert build.install_packages() == 0
