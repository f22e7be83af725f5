"""Builds consent/ledger.json: installs the compiler of package-lock.json, then runs build.mjs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LOCK = HERE / "package-lock.json"
# npm writes here what it has installed.
INSTALLED = HERE / "node_modules" / ".package-lock.json"


def main() -> int:
    """Compile the sources to consent/ledger.json; return the exit code of the failed step, or 0."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        sys.exit("Node.js or npm is missing: install both to compile the ledger.")
    return install_packages(npm) or _run(node, "build.mjs")


def install_packages(npm: str = "npm") -> int:
    """Install exactly the packages of the lock file, unless they are there; return npm's code."""
    if is_installed(LOCK, INSTALLED):
        return 0
    return _run(npm, "ci", "--no-audit", "--no-fund")


def is_installed(lock: Path, installed: Path) -> bool:
    """Return whether what npm has installed is what the lock file names."""
    if not installed.is_file():
        return False
    named, present = _hashes(lock), _hashes(installed)
    # The lock names programs for every platform; npm leaves out those of the others.
    optional = {name for name, package in _packages(lock).items() if package.get("optional")}
    return named.keys() - optional <= present.keys() and present.items() <= named.items()


def _hashes(path: Path) -> dict[str, str]:
    return {name: package["integrity"] for name, package in _packages(path).items() if name}


def _packages(path: Path) -> dict[str, dict[str, str]]:
    packages: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))["packages"]
    return packages


def _run(*command: str) -> int:
    return subprocess.run(command, cwd=HERE, check=False).returncode  # noqa: S603 - fixed commands


if __name__ == "__main__":
    sys.exit(main())
